import type { Grant } from '../../core/ports.js';
import type { Feature } from '../../protocol/enumerations.js';
import type { ClaspError } from '../../protocol/errors.js';
import type { CloseReason } from '../../util/close-reason.js';
import type { OverdueEvent, SessionPhase } from '../../core/session-events.js';

/** What a session machine does to the world. Every call is made from inside a transition and returns at once. */
export interface SessionPort {
  /** The machine is in another state now. The first call of a session says `connecting`, the last one `closed`. */
  phaseChanged(phase: SessionPhase): void;
  /**
   * Has the token of the HELLO looked at that was received. Called once at most, in `authenticating`.
   *
   * @throws ClaspError with what the peer is to be told
   */
  authenticate(): Promise<Grant>;
  /** The peer's HELLO got in. Called once at most, just before `phaseChanged('active')`. */
  established(name: string, features: readonly Feature[], grant: Grant | undefined): void;
  /**
   * The session ends while the connection lives: send the peer `error` if there is one and what is queued, then close. Called
   * once at most, after `phaseChanged('draining')`; never after the end of the connection.
   */
  closing(error: ClaspError | undefined, reason: CloseReason): void;
  /**
   * A deadline has passed. Sends the machine this event once the input that waits was read and no grace period is left
   * (`setPeerDeadline`); the machine may be in another state by then.
   */
  overdue(event: OverdueEvent): void;
  /** The peer did not take its goodbye in time: drop the connection. */
  destroy(): void;
}
