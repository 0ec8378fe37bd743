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
  readonly #byHost = new Map<string, Count>();

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
    const host = hostOf(remoteAddress);
    const refusal = this.#refusal(host);
    if (refusal !== undefined) return new ClaspError(ErrorCode.Overloaded, refusal);
    this.#add(host, 1, 1);
    return undefined;
  }

  /** It has said HELLO. */
  established(remoteAddress: string): void {
    this.#add(hostOf(remoteAddress), 0, -1);
  }

  /** It has gone. @param wasEstablished whether it had said HELLO */
  leave(remoteAddress: string, wasEstablished: boolean): void {
    this.#add(hostOf(remoteAddress), -1, wasEstablished ? 0 : -1);
  }

  #refusal(host: string): string | undefined {
    const { maxSessions, maxSessionsPerAddress, maxHalfOpen, maxHalfOpenPerAddress } = this.#limits;
    if (passes(maxSessions, this.#all.sessions)) return `Too many sessions: the limit is ${maxSessions}`;
    if (isThisComputer(host)) return undefined;
    if (passes(maxHalfOpen, this.#all.halfOpen))
      return `Too many sessions without a HELLO: the limit is ${maxHalfOpen}`;
    const { sessions, halfOpen } = this.#byHost.get(host) ?? { sessions: 0, halfOpen: 0 };
    if (passes(maxSessionsPerAddress, sessions)) {
      return `Too many sessions from one address: the limit is ${maxSessionsPerAddress}`;
    }
    return passes(maxHalfOpenPerAddress, halfOpen)
      ? `Too many sessions from one address without a HELLO: the limit is ${maxHalfOpenPerAddress}`
      : undefined;
  }

  #add(host: string, sessions: number, halfOpen: number): void {
    this.#all.sessions += sessions;
    this.#all.halfOpen += halfOpen;
    const count = this.#byHost.get(host) ?? { sessions: 0, halfOpen: 0 };
    count.sessions += sessions;
    count.halfOpen += halfOpen;
    if (count.sessions === 0) this.#byHost.delete(host);
    else this.#byHost.set(host, count);
  }
}

function passes(limit: number, count: number): boolean {
  return limit > 0 && count >= limit;
}

/** The address without its port: `192.168.1.20`, `[fe80::1]`. */
function hostOf(remoteAddress: string): string {
  const colon = remoteAddress.lastIndexOf(':');
  return colon < 0 ? remoteAddress : remoteAddress.slice(0, colon);
}

/** Who connects from here has shorter ways to do harm; pipes and the memory transport have no address. */
function isThisComputer(host: string): boolean {
  return host.startsWith('127.') || host === '[::1]' || !/[.\]]/.test(host);
}
