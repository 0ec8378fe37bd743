import { type Clock, microseconds } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import type { RouterSession } from '../../core/session.js';
import { mustAnswer, type PingSender, probe, silentMicros, unansweredMicros } from './liveness.js';

/** Number of checks per PING interval. */
const LOOKS_PER_INTERVAL = 2;
/**
 * Intervals of silence after which a peer that must answer is lost. With the time between two checks, it is less than
 * 3.
 */
const MAX_SILENT_INTERVALS = 2.4;
/** Minimum intervals within which such a peer must answer: two checks, which can be slightly early. */
const MIN_ANSWER_INTERVALS = 0.75;

/**
 * Finds lost peers whose connection is open: TCP detects the loss only after minutes, and only while something is sent.
 * Sends PINGs to silent peers, and reports those that have answered one before and no longer do. It watches the
 * sessions whose transport requests it (`Connection.pingIntervalMs`).
 */
export class SilenceWatch {
  readonly #router: PingSender;
  readonly #clock: Clock;
  readonly #watched = new Set<RouterSession>();
  #deadline: PeerDeadline | undefined;
  /** Duration of the current deadline; Infinity if none is set. */
  #periodMs = Infinity;

  constructor(router: PingSender, clock: Clock) {
    this.#router = router;
    this.#clock = clock;
  }

  /**
   * Watches a session until {@link release}, if its transport requests it. Destroys the connection if the peer is lost.
   */
  watch(session: RouterSession): void {
    if (session.link.pingIntervalMs === undefined) return;
    this.#watched.add(session);
    this.#plan(session.link.pingIntervalMs / LOOKS_PER_INTERVAL);
  }

  /** Does nothing for a session that is not watched. */
  release(session: RouterSession): void {
    this.#watched.delete(session);
    if (this.#watched.size === 0) this.#unplan();
  }

  /** One deadline for all sessions, with the shortest interval of their transports. */
  #plan(periodMs: number): void {
    if (periodMs >= this.#periodMs) return;
    this.#unplan();
    this.#periodMs = periodMs;
    this.#deadline = setPeerDeadline(this.#clock, this.#look, periodMs);
  }

  #unplan(): void {
    this.#deadline?.clear();
    this.#periodMs = Infinity;
  }

  readonly #look = (): void => {
    this.#periodMs = Infinity;
    const nowMicros = microseconds(this.#clock);
    let shortestMs = Infinity;
    for (const session of this.#watched) {
      const { pingIntervalMs = 0 } = session.link; // only sessions with an interval are watched
      const intervalMicros = pingIntervalMs * 1_000;
      shortestMs = Math.min(shortestMs, pingIntervalMs);
      const silent = silentMicros(session, nowMicros);
      if (silent >= MAX_SILENT_INTERVALS * intervalMicros && isUnanswered(session, intervalMicros, nowMicros)) {
        // Through the connection, because the pipeline limits how many sessions end per turn of the event loop.
        session.link.destroy(`no answer to a PING, and nothing received for ${Math.round(silent / 1_000_000)} s`);
      } else if (silent >= intervalMicros || isNew(session)) {
        probe(session, this.#router, nowMicros);
      }
    }
    if (this.#watched.size > 0) this.#plan(shortestMs / LOOKS_PER_INTERVAL);
  };
}

/** Whether a peer that must answer has missed its deadline. */
function isUnanswered(session: RouterSession, intervalMicros: number, nowMicros: number): boolean {
  return mustAnswer(session) && unansweredMicros(session, nowMicros) >= MIN_ANSWER_INTERVALS * intervalMicros;
}

/** Each peer is probed once early. Otherwise one that sends continuously would never show whether it answers. */
function isNew({ probedMicros }: RouterSession): boolean {
  return probedMicros === -Infinity;
}
