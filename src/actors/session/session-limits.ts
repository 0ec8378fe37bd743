import type { Block, Gate } from '../../util/admission/gate.js';
import type { HalfOpenLimits } from '../../util/admission/half-open.js';
import { RankedCounts } from '../../util/admission/ranked-counts.js';

/** Limits of sessions; 0 disables a limit. Those per address do not apply to this computer. */
export interface SessionLimitOptions extends HalfOpenLimits {
  /** Maximum concurrent sessions, including those without a HELLO. */
  readonly maxSessions: number;
  readonly maxSessionsPerAddress: number;
}

export interface SessionLimitsOptions extends Pick<SessionLimitOptions, 'maxSessions' | 'maxSessionsPerAddress'> {
  /** Whether waiting can help, because a session of a place may be lost; undefined = any place. */
  readonly mayRelease: (place: string | undefined) => boolean;
  /** Requests the release of a lost one. */
  readonly want: (place: string | undefined) => void;
  /** Whether a connection of a place can displace another session, now or soon. */
  readonly mayDisplace: (place: string | undefined) => boolean;
  /** Displaces one for it. If it returns true, that session has ended. */
  readonly displace: (place: string | undefined) => boolean;
}

/**
 * Counts sessions, in total and per address. A connection above a limit waits only if a session may be lost or
 * displaced.
 */
export class SessionLimits implements Gate<unknown> {
  readonly #options: SessionLimitsOptions;
  readonly #byPlace = new RankedCounts();
  #sessions = 0;

  constructor(options: SessionLimitsOptions) {
    this.#options = options;
  }

  get sessions(): number {
    return this.#sessions;
  }

  check(place: string | undefined): Block | undefined {
    const { maxSessions, maxSessionsPerAddress, mayRelease, mayDisplace } = this.#options;
    if (maxSessions > 0 && this.#sessions >= maxSessions) {
      const text = `Too many sessions: the limit is ${maxSessions}`;
      const mayBeLost = mayRelease(undefined); // sends probes in any case
      return { scope: 'all', text, isFinal: !mayBeLost && !mayDisplace(place) };
    }
    if (place === undefined || maxSessionsPerAddress === 0) return undefined;
    if (this.#byPlace.of(place) < maxSessionsPerAddress) return undefined;
    const text = `Too many sessions from one address: the limit is ${maxSessionsPerAddress}`;
    return { scope: 'place', text, isFinal: !mayRelease(place) };
  }

  /** Displacing a session makes capacity at once; a lost one makes capacity when it has ended. */
  relieve(place: string | undefined, { scope }: Block): boolean {
    if (scope === 'all' && this.#options.displace(place)) return this.#sessions < this.#options.maxSessions;
    this.#options.want(scope === 'place' ? place : undefined);
    return false;
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
