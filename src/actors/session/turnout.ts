import { placeOf } from '../../network-place.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';

/** Sessions there may be; 0 lifts a limit. Those per address do not hold for this computer itself. */
export interface TurnoutLimits {
  /** At once, those without a HELLO included. */
  readonly maxSessions: number;
  readonly maxSessionsPerAddress: number;
  /** Of these, without a HELLO yet. */
  readonly maxHalfOpen: number;
  readonly maxHalfOpenPerAddress: number;
}

interface Count {
  sessions: number;
  halfOpen: number;
}

/** Counts sessions, in all and by address. */
export class Turnout {
  readonly #limits: TurnoutLimits;
  readonly #all: Count = { sessions: 0, halfOpen: 0 };
  readonly #byPlace = new Map<string, Count>();

  constructor(limits: TurnoutLimits) {
    this.#limits = limits;
  }

  get sessions(): number {
    return this.#all.sessions;
  }

  /**
   * Another one comes, without a HELLO so far.
   *
   * @returns why there is no room for it; undefined where it has been counted
   */
  enter(remoteAddress: string): ClaspError | undefined {
    const place = placeOfRemote(remoteAddress);
    const refusal = this.#refusal(place);
    if (refusal !== undefined) return new ClaspError(ErrorCode.Overloaded, refusal);
    this.#add(place, 1, 1);
    return undefined;
  }

  /** It has said HELLO. */
  established(remoteAddress: string): void {
    this.#add(placeOfRemote(remoteAddress), 0, -1);
  }

  /** It has gone. @param wasEstablished whether it had said HELLO */
  leave(remoteAddress: string, wasEstablished: boolean): void {
    this.#add(placeOfRemote(remoteAddress), -1, wasEstablished ? 0 : -1);
  }

  #refusal(place: string | undefined): string | undefined {
    const { maxSessions, maxSessionsPerAddress, maxHalfOpen, maxHalfOpenPerAddress } = this.#limits;
    if (passes(maxSessions, this.#all.sessions)) return `Too many sessions: the limit is ${maxSessions}`;
    if (place === undefined) return undefined;
    if (passes(maxHalfOpen, this.#all.halfOpen))
      return `Too many sessions without a HELLO: the limit is ${maxHalfOpen}`;
    const { sessions, halfOpen } = this.#byPlace.get(place) ?? { sessions: 0, halfOpen: 0 };
    if (passes(maxSessionsPerAddress, sessions)) {
      return `Too many sessions from one address: the limit is ${maxSessionsPerAddress}`;
    }
    return passes(maxHalfOpenPerAddress, halfOpen)
      ? `Too many sessions from one address without a HELLO: the limit is ${maxHalfOpenPerAddress}`
      : undefined;
  }

  #add(place: string | undefined, sessions: number, halfOpen: number): void {
    this.#all.sessions += sessions;
    if (place === undefined) return;
    this.#all.halfOpen += halfOpen;
    const count = this.#byPlace.get(place) ?? { sessions: 0, halfOpen: 0 };
    count.sessions += sessions;
    count.halfOpen += halfOpen;
    if (count.sessions === 0) this.#byPlace.delete(place);
    else this.#byPlace.set(place, count);
  }
}

function passes(limit: number, count: number): boolean {
  return limit > 0 && count >= limit;
}

/** Where `192.168.1.20:51234` or `[fe80::1]:51234` is; undefined for this computer, where pipes and the memory transport are too. */
function placeOfRemote(remoteAddress: string): string | undefined {
  const address = remoteAddress.slice(0, Math.max(remoteAddress.lastIndexOf(':'), 0)).replace(/^\[|\]$/g, '');
  return /[.:]/.test(address) ? placeOf(address) : undefined;
}
