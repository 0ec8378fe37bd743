import type { LastWills } from '../announce/last-wills.js';
import type { InternalErrors } from '../internal-errors.js';
import type { ParamStore } from '../params/param-store.js';
import type { PublishHandler } from '../publish/publish-handler.js';
import type { Chore } from '../scheduling/chores.js';
import { messageSteps } from '../scheduling/message-steps.js';
import type { RouterSession } from '../session.js';
import type { Departure } from '../system/presence.js';
import type { SystemSignals } from '../system/system-signals.js';
import type { BundleRunner } from '../writes/bundle-runner.js';

export interface SessionCleanupOptions {
  readonly publishing: PublishHandler;
  readonly wills: LastWills;
  readonly bundles: BundleRunner;
  readonly system: SystemSignals;
  readonly params: ParamStore;
  readonly errors: InternalErrors;
  /** The time of the current turn, monotonic. */
  readonly nowMicros: () => number;
  /** The same in the protocol's time. */
  readonly protocolMicros: () => number;
}

/**
 * Removes what an ended session leaves, in slices: cancels its gestures, executes its last will if it was lost, reports
 * its presence, releases its locks, ends its subscriptions (router.md 3.7).
 */
export class SessionCleanup {
  readonly #options: SessionCleanupOptions;

  constructor(options: SessionCleanupOptions) {
    this.#options = options;
  }

  /**
   * @param departure how the session ended
   * @param wasEstablished whether others know of the session
   * @param subscriptions ends its subscriptions
   * @returns the steps of each piece
   */
  *of(
    session: RouterSession,
    departure: Departure,
    wasEstablished: boolean,
    subscriptions: Chore,
  ): Generator<number, void> {
    const { publishing, params, nowMicros, protocolMicros } = this.#options;
    yield* this.#guarded(publishing.leaving(session, nowMicros, protocolMicros));
    yield* this.#guarded(this.#will(session, isLoss(departure)));
    if (wasEstablished) yield* this.#guarded(this.#presence(session, departure));
    yield* this.#guarded(params.locks.releasing(session));
    yield* this.#guarded(subscriptions);
  }

  *#will(session: RouterSession, isLost: boolean): Generator<number, void> {
    const { wills, bundles, nowMicros } = this.#options;
    const will = wills.take(session);
    if (will === undefined || !isLost) return;
    bundles.run(session, will, nowMicros());
    yield messageSteps(will);
  }

  *#presence(session: RouterSession, departure: Departure): Generator<number, void> {
    this.#options.system.left(session, departure, this.#options.nowMicros());
    yield 1;
  }

  /**
   * An internal error in one part must not prevent the others. Otherwise the session's locks would never be released.
   */
  *#guarded(part: Chore): Generator<number, void> {
    try {
      for (let piece = part.next(); piece.done !== true; piece = part.next()) yield piece.value;
    } catch (error) {
      this.#options.errors.add(error, 'cleanup of a session');
    }
  }
}

/** Whether the session ended unintentionally, which triggers its last will. */
function isLoss(departure: Departure): boolean {
  return departure !== 'left' && departure !== 'shutdown';
}
