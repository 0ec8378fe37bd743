import { type Clock, microseconds } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import type { RouterSession } from '../../core/session.js';
import { mustAnswer, type PingSender, probe, silentMicros, unansweredMicros } from './liveness.js';

/** A session that counts for the limits, and the place of its address. */
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

/** Seconds of silence after which a session is probed if another connection needs its place. */
export const PROBED_AFTER_SECONDS = 15;
/**
 * Seconds of silence after the probe that prove that the peer is lost. The sum exceeds a short gap of a Wi-Fi network.
 */
export const LOST_AFTER_SECONDS = 5;
/** Milliseconds between two scans. Each releases at most one session: 20 per second. */
const LOOK_MS = 50;
/** Maximum probes per scan. */
const MAX_PROBES_PER_LOOK = 50;
/** Scans without a waiting connection after which scanning stops. */
const IDLE_LOOKS = 20;

const SECOND = 1_000_000;

/**
 * Finds lost sessions while the limits on sessions exclude others. It probes sessions that were silent for {@link
 * PROBED_AFTER_SECONDS} and releases those that do not answer within {@link LOST_AFTER_SECONDS}. It releases one per
 * waiting connection, at most 20 per second, lock holders last. Without waiting connections, it does nothing.
 */
export class SessionProbes {
  readonly #options: SessionProbesOptions;
  /** Places that are needed; `all` is any of them. */
  readonly #wanted = new Set<string>();
  /** Sessions with an unanswered probe, as of the last scan: in total and by place. */
  #pending = 0;
  readonly #pendingByPlace = new Map<string, number>();
  readonly #released = new WeakSet<RouterSession>();
  /** Bytes that peers have taken, and since when that number is unchanged, for sessions with pending bytes. */
  readonly #taken = new WeakMap<RouterSession, { readonly bytes: number; readonly sinceMicros: number }>();
  #next: PeerDeadline | undefined;
  #idleLooks = 0;
  #releasedCount = 0;

  constructor(options: SessionProbesOptions) {
    this.#options = options;
  }

  /** Sessions released since the router started. */
  get releasedCount(): number {
    return this.#releasedCount;
  }

  /** Whether a session of a place may be lost; undefined = any place. Sends probes if that is unknown. */
  mayRelease(place: string | undefined): boolean {
    this.#idleLooks = 0;
    if (this.#next === undefined) this.#look(false);
    return (place === undefined ? this.#pending : (this.#pendingByPlace.get(place) ?? 0)) > 0;
  }

  /**
   * Requests the release of one session of a place. If one is found lost, it ends in one of the next turns of the event
   * loop.
   */
  want(place: string | undefined): void {
    this.#wanted.add(place ?? ANY);
  }

  /** Stops scanning. */
  stop(): void {
    this.#next?.clear();
    this.#next = undefined;
    this.#wanted.clear();
  }

  /** @param mayJudge whether all pending input was read: silence counts only then */
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

  /**
   * Microseconds for which a peer has taken none of its pending bytes, behind which the probe waits too; Infinity if no
   * bytes are pending.
   */
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
    // While a session without locks may be lost, those with locks are kept.
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

/** Any place. No place has this name. */
const ANY = '';

/**
 * Whether a session is probed. In-process sessions and those before HELLO, which have a deadline, are not. The silence
 * of some peers proves nothing.
 */
function isProbed(session: RouterSession): boolean {
  return session.established && session.link.deliver === undefined && mustAnswer(session);
}

function isLongerSilent({ session: a }: Candidate, { session: b }: Candidate): boolean {
  return a.lastReceivedMicros < b.lastReceivedMicros;
}
