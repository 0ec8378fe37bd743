import { type Clock, microseconds } from '../../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../../util/peer-deadline.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { RouterSession } from '../../core/session.js';

export interface IdleSweepOptions {
  readonly clock: Clock;
  /** Milliseconds without input and output that end a session; 0 = never. */
  readonly sessionTimeoutMs: number;
  readonly sessions: () => Iterable<{ readonly session: RouterSession }>;
  /** Called when {@link IdleSweep.sweep} is due. */
  readonly onDue: () => void;
}

/** Minimum milliseconds between two sweeps. */
const MIN_SWEEP_MS = 1_000;

/** Ends idle sessions. One timer serves all sessions: a timer per session would be restarted with each message. */
export class IdleSweep {
  readonly #options: IdleSweepOptions;
  #deadline: PeerDeadline | undefined;

  constructor(options: IdleSweepOptions) {
    this.#options = options;
  }

  /** Plans the next sweep, if none is planned. */
  plan(): void {
    const { clock, sessionTimeoutMs, onDue } = this.#options;
    if (sessionTimeoutMs === 0 || this.#deadline !== undefined) return;
    this.#deadline = setPeerDeadline(clock, onDue, Math.max(sessionTimeoutMs / 4, MIN_SWEEP_MS));
  }

  stop(): void {
    this.#deadline?.clear();
    this.#deadline = undefined;
  }

  /** Ends idle sessions. Those before HELLO have their own deadline, in-process sessions have none. */
  sweep(): void {
    this.#deadline = undefined;
    const { clock, sessionTimeoutMs, sessions } = this.#options;
    const silentSince = microseconds(clock) - sessionTimeoutMs * 1_000;
    for (const { session } of sessions()) {
      if (!session.established || session.link.isTrusted === true) continue;
      if (session.lastActivityMicros > silentSince) continue;
      const text = `Idle: nothing was received or sent for ${sessionTimeoutMs / 1_000} s`;
      session.notify({ type: 'end.idled', error: new ClaspError(ErrorCode.Timeout, text) });
    }
  }
}
