import type { Block, Gate } from '../../util/admission/gate.js';
import type { HalfOpenLimits } from '../../util/admission/half-open.js';
import { RankedCounts } from '../../util/admission/ranked-counts.js';

/** Sessions there may be; 0 disables a limit. Those per address do not apply to this computer. */
export interface SessionLimitOptions extends HalfOpenLimits {
  /** At once, those without a HELLO included. */
  readonly maxSessions: number;
  readonly maxSessionsPerAddress: number;
}

export interface SessionLimitsOptions extends Pick<SessionLimitOptions, 'maxSessions' | 'maxSessionsPerAddress'> {
  /** Whether waiting may help: a session of a place may be lost, of any place where that is undefined. */
  readonly mayRelease: (place: string | undefined) => boolean;
  /** Asks for the release of one that is. */
  readonly want: (place: string | undefined) => void;
  /** Whether a connection of a place may displace a session of another one, now or soon. */
  readonly mayDisplace: (place: string | undefined) => boolean;
  /** Displaces one for it: that session has left when this returns true. */
  readonly displace: (place: string | undefined) => boolean;
}

/** Counts sessions, in all and by address. A connection above a limit waits only if a session may be lost or displaced. */
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
      const mayBeLost = mayRelease(undefined); // sends probes, in any case
      return { scope: 'all', text, isFinal: !mayBeLost && !mayDisplace(place) };
    }
    if (place === undefined || maxSessionsPerAddress === 0) return undefined;
    if (this.#byPlace.of(place) < maxSessionsPerAddress) return undefined;
    const text = `Too many sessions from one address: the limit is ${maxSessionsPerAddress}`;
    return { scope: 'place', text, isFinal: !mayRelease(place) };
  }

  /** A session that is displaced makes capacity at once; one that is lost, when it has ended. */
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
