import type { Grant } from '../../core/ports.js';
import type { Feature } from '../../protocol/enumerations.js';
import type { ClaspError } from '../../protocol/errors.js';
import type { CloseReason } from '../../util/close-reason.js';
import type { OverdueEvent, SessionPhase } from '../../core/session-events.js';

/** Effects of a session machine. Every method is called within a transition and returns at once. */
export interface SessionPort {
  /**
   * The machine has entered another state, in which the deadline of the previous one no longer applies. The first call
   * states `connecting`, the last one `closed`.
   */
  phaseChanged(phase: SessionPhase): void;
  /**
   * Authenticates the token of the received HELLO. Called at most once, in `authenticating`.
   *
   * @throws ClaspError with the error for the peer
   */
  authenticate(): Promise<Grant>;
  /** HELLO was accepted. Called at most once, in the transition to `active`. */
  established(name: string, features: readonly Feature[], grant: Grant | undefined): void;
  /**
   * The token was accepted: opens the session, and passes the grant to the core, which sends WELCOME. Called at most
   * once, after `established` and just before `phaseChanged('active')`.
   */
  authenticated(grant: Grant): void;
  /**
   * The session ends while the connection is open: send the peer `error`, if set, and the queued output, then close.
   * Called at most once, after `phaseChanged('draining')`; never after the end of the connection.
   */
  closing(error: ClaspError | undefined, reason: CloseReason): void;
  /**
   * If the machine is still in this state after the time, sends it the event, but not before pending input was read and
   * the grace period after a stall has ended (`setPeerDeadline`). Called at most once per state, after `phaseChanged`.
   */
  setDeadline(event: OverdueEvent, milliseconds: number): void;
  /** The peer did not read its close message in time: destroy the connection. */
  destroy(): void;
}
