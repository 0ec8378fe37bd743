import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { COOKIE_BYTES, COOKIE_SLOT_MS } from './constants.js';

/** Source of a datagram. */
export interface Source {
  /** As the system writes it: `192.168.1.20`, `::1`, `fe80::1%eth0`. */
  readonly address: string;
  readonly port: number;
}

/**
 * Cookies that validate sources. The sender address of a datagram can be forged. A source that returns its cookie
 * proves that it receives datagrams at its address. Cookies are computed and never stored, so a flood of forged
 * sources uses no memory.
 *
 *   cookie = base64url(first 8 bytes of HMAC-SHA256(secret, "address port slot"))
 *   slot   = floor(Unix time in seconds / 30)
 */
export class Cookies {
  readonly #clock: Clock;
  readonly #secret: Uint8Array;

  /**
   * @param secret 32 bytes; random by default, so that a cookie is invalid after its listener closes and at other
   * listeners
   */
  constructor(clock: Clock, secret: Uint8Array = randomBytes(32)) {
    this.#clock = clock;
    this.#secret = secret;
  }

  /** Returns the current cookie of a source: eleven characters. */
  bake(source: Source): string {
    return this.#digest(source, slotAt(this.#clock.now())).toString('base64url');
  }

  /**
   * Returns whether the cookie was made for this source in this slot or the previous one. In the grace period after a
   * stall of the process, the slots at its start are valid too, because the HELLO may have waited unread.
   */
  isGood(cookie: string, source: Source): boolean {
    const claimed = Buffer.from(cookie, 'base64url');
    if (claimed.length !== COOKIE_BYTES) return false;
    const watch = ClockWatch.of(this.#clock);
    const slots = [slotAt(watch.look()), slotAt(watch.unjudgedSinceMs)];
    return slots.some((slot) => this.#isOf(claimed, source, slot) || this.#isOf(claimed, source, slot - 1));
  }

  #isOf(claimed: Buffer, source: Source, slot: number): boolean {
    return slot !== Infinity && timingSafeEqual(claimed, this.#digest(source, slot));
  }

  #digest({ address, port }: Source, slot: number): Buffer {
    const mac = createHmac('sha256', this.#secret).update(`${address} ${port} ${slot}`);
    return mac.digest().subarray(0, COOKIE_BYTES);
  }
}

function slotAt(milliseconds: number): number {
  return Math.floor(milliseconds / COOKIE_SLOT_MS);
}

const COOKIE_TOKEN = /^udp:([\w-]{11})(?: (.*))?$/s;

/** Splits the token of a HELLO: `udp:<cookie>`, `udp:<cookie> <token>`, or a token alone. */
export function splitToken(token: string | undefined): { cookie: string | undefined; token: string | undefined } {
  const parts = COOKIE_TOKEN.exec(token ?? '');
  if (parts === null) return { cookie: undefined, token };
  const [, cookie, rest] = parts;
  return { cookie, token: rest === '' ? undefined : rest };
}

/** Returns the token that carries a cookie, for the answer and the next HELLO. */
export function cookieToken(cookie: string, token?: string): string {
  return token === undefined ? `udp:${cookie}` : `udp:${cookie} ${token}`;
}
