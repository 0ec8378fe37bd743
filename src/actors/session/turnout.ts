import type { Block, Gate } from '../../admission/gate.js';
import type { HalfOpenLimits } from '../../admission/half-open.js';
import { RankedCounts } from '../../admission/ranked-counts.js';
import { placeOf } from '../../network-place.js';

/** Sessions there may be; 0 disables a limit. Those per address do not apply to this computer. */
export interface TurnoutLimits extends HalfOpenLimits {
  /** At once, those without a HELLO included. */
  readonly maxSessions: number;
  readonly maxSessionsPerAddress: number;
}

/** Counts sessions, in all and by address. */
export class Turnout implements Gate<unknown> {
  readonly #limits: Pick<TurnoutLimits, 'maxSessions' | 'maxSessionsPerAddress'>;
  readonly #byPlace = new RankedCounts();
  #sessions = 0;

  constructor(limits: Pick<TurnoutLimits, 'maxSessions' | 'maxSessionsPerAddress'>) {
    this.#limits = limits;
  }

  get sessions(): number {
    return this.#sessions;
  }

  /** A session ends when it ends: a connection above the limit does not wait. */
  check(place: string | undefined): Block | undefined {
    const { maxSessions, maxSessionsPerAddress } = this.#limits;
    if (maxSessions > 0 && this.#sessions >= maxSessions) {
      return { scope: 'all', text: `Too many sessions: the limit is ${maxSessions}`, isFinal: true };
    }
    if (place === undefined || maxSessionsPerAddress === 0) return undefined;
    if (this.#byPlace.of(place) < maxSessionsPerAddress) return undefined;
    const text = `Too many sessions from one address: the limit is ${maxSessionsPerAddress}`;
    return { scope: 'place', text, isFinal: true };
  }

  enter(_item: unknown, place: string | undefined): void {
    this.#sessions++;
    if (place !== undefined) this.#byPlace.add(place);
  }

  leave(place: string | undefined): void {
    this.#sessions--;
    if (place !== undefined) this.#byPlace.remove(place);
  }
}

/**
 * The place of `192.168.1.20:51234` or `[fe80::1]:51234`; undefined for this computer, where pipes and the memory transport are
 * too.
 */
export function placeOfRemote(remoteAddress: string): string | undefined {
  const address = remoteAddress.slice(0, Math.max(remoteAddress.lastIndexOf(':'), 0)).replace(/^\[|\]$/g, '');
  return /[.:]/.test(address) ? placeOf(address) : undefined;
}
