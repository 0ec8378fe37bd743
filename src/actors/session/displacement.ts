import { type Clock, microseconds } from '../../util/clock.js';
import type { RouterSession } from '../../core/session.js';
import type { PlacedSession } from './session-probes.js';

export interface DisplacementOptions {
  readonly clock: Clock;
  readonly sessions: () => Iterable<PlacedSession>;
  /** Ends a session, whose place is free at once; `text` is sent to its peer. */
  readonly displace: (session: RouterSession, text: string) => void;
}

/** Seconds after WELCOME in which a session is never displaced, because a client needs time to subscribe. */
export const DISPLACED_AFTER_SECONDS = 5;
/** Milliseconds between two scans of the sessions. Each displaces at most one session: 20 per second. */
export const DISPLACEMENT_MS = 50;

/**
 * Makes capacity in a full router, so that one client that opens all sessions does not exclude others. A new connection
 * displaces a session of the address with the most sessions. That address must still have at least as many as the
 * address of the new connection afterwards. Only a session that has no subscription and has never written is displaced,
 * at the earliest {@link DISPLACED_AFTER_SECONDS} after its WELCOME. Of several, it is the one that has sent nothing
 * for longest.
 */
export class Displacement {
  readonly #options: DisplacementOptions;
  /** Sessions by place, as of the last scan. */
  readonly #counts = new Map<string, number>();
  #nextLookMicros = -Infinity;
  /** Number of sessions of the largest place. */
  #most = 0;
  #candidate: RouterSession | undefined;
  /** Whether the largest place has a session that can be displaced, now or later. */
  #mayHaveCandidate = false;
  #displacedCount = 0;

  constructor(options: DisplacementOptions) {
    this.#options = options;
  }

  /** Sessions displaced since the router started. */
  get displacedCount(): number {
    return this.#displacedCount;
  }

  /** Whether a connection of a place can displace a session, now or within a few seconds. */
  mayDisplace(place: string | undefined): boolean {
    this.#look();
    return this.#mayHaveCandidate && this.#isHeavier(place);
  }

  /** Displaces a session for a connection of a place. @returns whether one was displaced */
  displace(place: string | undefined): boolean {
    this.#look();
    const session = this.#candidate;
    if (session === undefined || !this.#isHeavier(place) || !isIdle(session)) return false;
    this.#candidate = undefined; // the next one after the next scan
    this.#displacedCount++;
    const text =
      `Session closed for a new connection: the router is full (the option maxSessions), its address has the most sessions ` +
      `(${this.#most}), and it has neither subscribed nor written for ${DISPLACED_AFTER_SECONDS} s or longer`;
    this.#options.displace(session, text);
    return true;
  }

  /** Whether the largest place has more sessions than this place would have with one more. */
  #isHeavier(place: string | undefined): boolean {
    return this.#most > (this.#counts.get(place ?? LOCAL) ?? 0) + 1;
  }

  #look(): void {
    const { clock, sessions } = this.#options;
    const nowMicros = microseconds(clock);
    if (nowMicros < this.#nextLookMicros) return;
    this.#nextLookMicros = nowMicros + DISPLACEMENT_MS * 1_000;
    this.#counts.clear();
    this.#most = 0;
    this.#candidate = undefined;
    this.#mayHaveCandidate = false;
    let heaviest = LOCAL;
    for (const { session, place = LOCAL } of sessions()) {
      if (!isCounted(session)) continue;
      const count = (this.#counts.get(place) ?? 0) + 1;
      this.#counts.set(place, count);
      if (count <= this.#most) continue;
      this.#most = count;
      heaviest = place;
    }
    for (const { session, place = LOCAL } of sessions()) {
      if (place !== heaviest || !isIdle(session)) continue;
      this.#mayHaveCandidate = true;
      if (nowMicros - session.joinedMicros < DISPLACED_AFTER_SECONDS * 1_000_000) continue;
      const longest = this.#candidate?.lastReceivedMicros ?? Infinity;
      if (session.lastReceivedMicros < longest) this.#candidate = session;
    }
  }
}

/** This computer. No other place has this name. */
const LOCAL = '';

/** Whether a session occupies a place. Sessions of the embedding program do not. */
function isCounted({ phase, link }: RouterSession): boolean {
  return link.isTrusted !== true && phase !== 'draining' && phase !== 'closed';
}

function isIdle(session: RouterSession): boolean {
  const { established, holdings, hasWritten } = session;
  return established && !hasWritten && holdings.subscriptions === 0 && isCounted(session);
}
