import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../util/clock.js';
import { ClockWatch } from '../../util/clock-watch.js';
import { COOKIE_BYTES, COOKIE_SLOT_MS } from './constants.js';

/** Where a datagram came from. */
export interface Source {
  /** As the system writes it: `192.168.1.20`, `::1`, `fe80::1%eth0`. */
  readonly address: string;
  readonly port: number;
}

/**
 * What a source has to repeat to show that it receives what is sent to its address: anybody can write any sender on a
 * datagram. A cookie is computed, never stored, so a flood of made-up sources leaves nothing behind.
 *
 *   cookie = base64url(first 8 bytes of HMAC-SHA256(secret, "address port slot"))
 *   slot   = floor(Unix time in seconds / 30)
 */
export class Cookies {
  readonly #clock: Clock;
  readonly #secret: Uint8Array;

  /** @param secret 32 bytes; random by default, so that no cookie outlives its listener or works at another */
  constructor(clock: Clock, secret: Uint8Array = randomBytes(32)) {
    this.#clock = clock;
    this.#secret = secret;
  }

  /** The one for now: eleven characters. */
  bake(source: Source): string {
    return this.#digest(source, slotAt(this.#clock.now())).toString('base64url');
  }

  /**
   * Whether it was made for this source, in this slot or the one before. In the grace period after a stall of the process
   * the slots of its begin count as well: the HELLO may have waited unread.
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

/** What a HELLO's token holds: `udp:<cookie>`, `udp:<cookie> <token>`, or a token alone. */
export function splitToken(token: string | undefined): { cookie: string | undefined; token: string | undefined } {
  const parts = COOKIE_TOKEN.exec(token ?? '');
  if (parts === null) return { cookie: undefined, token };
  const [, cookie, rest] = parts;
  return { cookie, token: rest === '' ? undefined : rest };
}

/** How a cookie is told, and how it is repeated. */
export function cookieToken(cookie: string, token?: string): string {
  return token === undefined ? `udp:${cookie}` : `udp:${cookie} ${token}`;
}
