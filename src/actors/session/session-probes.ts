import { type Clock, microseconds } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import type { RouterSession } from '../../core/session.js';
import { mustAnswer, type PingSender, probe, silentMicros, unansweredMicros } from './liveness.js';

/** A session that counts for the limits, and the place its address has there. */
export interface PlacedSession {
  readonly session: RouterSession;
  readonly place: string | undefined;
}

export interface SessionProbesOptions {
  /** The router actor, which sends PINGs. */
  readonly router: PingSender;
  readonly clock: Clock;
  readonly sessions: () => Iterable<PlacedSession>;
  /** Ends a session as lost. */
  readonly release: (session: RouterSession, text: string) => void;
}

/** Silence after which a session is probed when another connection needs its place. */
export const PROBED_AFTER_SECONDS = 15;
/** Silence after the probe that shows that the peer is lost. Together longer than a short gap of a Wi-Fi network. */
export const LOST_AFTER_SECONDS = 5;
/** Milliseconds between two looks. Each releases one session at most: 20 per second. */
const LOOK_MS = 50;
/** Probes that one look sends at most. */
const MAX_PROBES_PER_LOOK = 50;
/** Looks after which nothing is looked for any more if no connection waits. */
const IDLE_LOOKS = 20;

const SECOND = 1_000_000;

/**
 * Finds sessions whose peers are lost, while the limits on sessions keep others out. It probes the sessions that were silent for
 * {@link PROBED_AFTER_SECONDS} and releases those that do not answer within {@link LOST_AFTER_SECONDS}, one for each connection
 * that waits, at most 20 per second, lock holders last. While no connection waits it does nothing.
 */
export class SessionProbes {
  readonly #options: SessionProbesOptions;
  /** Places that are needed; `all` is any of them. */
  readonly #wanted = new Set<string>();
  /** Sessions with an unanswered probe, as of the last look: in all and by place. */
  #pending = 0;
  readonly #pendingByPlace = new Map<string, number>();
  readonly #released = new WeakSet<RouterSession>();
  /** What peers have taken of the bytes for them, and since when it is that much; of sessions for which bytes wait. */
  readonly #taken = new WeakMap<RouterSession, { readonly bytes: number; readonly sinceMicros: number }>();
  #next: PeerDeadline | undefined;
  #idleLooks = 0;
  #releasedCount = 0;

  constructor(options: SessionProbesOptions) {
    this.#options = options;
  }

  /** Sessions released since the router began. */
  get releasedCount(): number {
    return this.#releasedCount;
  }

  /** Whether a session of a place may be lost, of any place where that is undefined. Sends probes if it is not known yet. */
  mayRelease(place: string | undefined): boolean {
    this.#idleLooks = 0;
    if (this.#next === undefined) this.#look(false);
    return (place === undefined ? this.#pending : (this.#pendingByPlace.get(place) ?? 0)) > 0;
  }

  /** Asks for one session of a place less. It ends in one of the next turns of the event loop, if one is found to be lost. */
  want(place: string | undefined): void {
    this.#wanted.add(place ?? ANY);
  }

  /** Stops looking. */
  stop(): void {
    this.#next?.clear();
    this.#next = undefined;
    this.#wanted.clear();
  }

  /** @param mayJudge whether all input was read that waits: only then silence is silence */
  #look(mayJudge: boolean): void {
    const candidates = this.#probeSilent();
    if (mayJudge) this.#releaseOne(candidates);
    this.#wanted.clear();
    this.#idleLooks++;
    this.#next = this.#idleLooks > IDLE_LOOKS ? undefined : setPeerDeadline(this.#options.clock, this.#onTime, LOOK_MS);
  }

  readonly #onTime = (): void => {
    this.#look(true);
  };

  /** @returns the sessions that may be lost, and whether they are */
  #probeSilent(): readonly Candidate[] {
    const { clock, router, sessions } = this.#options;
    const nowMicros = microseconds(clock);
    const candidates: Candidate[] = [];
    let probes = 0;
    this.#pendingByPlace.clear();
    for (const { session, place } of sessions()) {
      if (!isProbed(session) || this.#released.has(session)) continue;
      if (silentMicros(session, nowMicros) < PROBED_AFTER_SECONDS * SECOND) continue;
      const unanswered = unansweredMicros(session, nowMicros);
      if (unanswered === 0 && probes < MAX_PROBES_PER_LOOK) {
        probe(session, router, nowMicros);
        probes++;
      }
      const silence = Math.min(unanswered, this.#stuckMicros(session, nowMicros));
      candidates.push({ session, place, isLost: silence >= LOST_AFTER_SECONDS * SECOND });
      if (place !== undefined) this.#pendingByPlace.set(place, (this.#pendingByPlace.get(place) ?? 0) + 1);
    }
    this.#pending = candidates.length;
    return candidates;
  }

  /** For how long a peer has taken none of the bytes that wait for it, before which the probe waits too; Infinity if none wait. */
  #stuckMicros(session: RouterSession, nowMicros: number): number {
    const { bufferedBytes } = session.link;
    if (bufferedBytes === 0) return Infinity;
    const bytes = session.traffic.sentBytes - bufferedBytes;
    const before = this.#taken.get(session);
    if (before?.bytes === bytes) return nowMicros - before.sinceMicros;
    this.#taken.set(session, { bytes, sinceMicros: nowMicros });
    return 0;
  }

  #releaseOne(candidates: readonly Candidate[]): void {
    const wanted = candidates.filter(
      ({ place }) => this.#wanted.has(ANY) || (place !== undefined && this.#wanted.has(place)),
    );
    // As long as a session without locks may be lost, those with locks are kept.
    const withoutLocks = wanted.filter(({ session }) => session.holdings.locks === 0);
    const [first, ...others] = (withoutLocks.length > 0 ? withoutLocks : wanted).filter(({ isLost }) => isLost);
    if (first === undefined) return;
    const { session } = others.reduce((best, other) => (isLongerSilent(other, best) ? other : best), first);
    this.#released.add(session);
    this.#releasedCount++;
    const text = `no answer to a probe within ${LOST_AFTER_SECONDS} s, and another connection waits for its place`;
    this.#options.release(session, text);
  }
}

/** A session that was silent for long. */
interface Candidate extends PlacedSession {
  /** Whether it has not answered a probe in time. */
  readonly isLost: boolean;
}

/** A session of any place. No place is called like this. */
const ANY = '';

/** Sessions in this process never are, nor those before HELLO, which have a deadline. Silence of some peers proves nothing. */
function isProbed(session: RouterSession): boolean {
  return session.established && session.link.deliver === undefined && mustAnswer(session);
}

function isLongerSilent({ session: a }: Candidate, { session: b }: Candidate): boolean {
  return a.lastReceivedMicros < b.lastReceivedMicros;
}
