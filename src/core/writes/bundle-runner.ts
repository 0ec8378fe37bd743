import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { BundleMessage } from '../../protocol/messages/message.js';
import type { ClockOffsets } from '../clock-offsets.js';
import type { Replies } from '../delivery/replies.js';
import type { DueWork } from '../scheduling/due-work.js';
import { messageSteps } from '../scheduling/message-steps.js';
import type { Slice } from '../scheduling/slice.js';
import type { RouterSession } from '../session.js';
import type { Counters } from '../system/counters.js';
import type { ScheduledBundle, ScheduledBundles } from './scheduled-bundles.js';
import type { WriteHandler } from './write-handler.js';

export interface BundleRunnerOptions {
  readonly scheduled: ScheduledBundles;
  readonly writes: WriteHandler;
  readonly replies: Replies;
  readonly counters: Counters;
  readonly offsets: ClockOffsets;
  /** Reads the router's monotonic clock, in microseconds. */
  readonly readMicros: () => number;
  /** Called for each scheduled bundle that was evicted. */
  readonly dropped: ((bundle: ScheduledBundle) => void) | undefined;
  /** Receives internal errors. */
  readonly failed: (session: RouterSession, error: unknown) => void;
}

/** Runs bundles later than they arrive: scheduled ones, and last wills. */
export class BundleRunner implements DueWork {
  readonly #options: BundleRunnerOptions;

  constructor(options: BundleRunnerOptions) {
    this.#options = options;
  }

  get dueMicros(): number {
    return this.#options.scheduled.dueMicros;
  }

  /** Runs the due bundles. Each bundle runs as a whole: no other message is handled between its messages. */
  runDue(nowMicros: number, slice: Slice): void {
    const { scheduled, counters, readMicros } = this.#options;
    while (!slice.isOver) {
      const due = scheduled.popDue(nowMicros);
      if (due === undefined) return;
      slice.spend(messageSteps(due.bundle));
      if (due.owner.isRevoked) continue;
      counters.bundleRan(readMicros() - due.atMicros);
      this.run(due.session, due.bundle, nowMicros);
    }
  }

  /**
   * Applies a bundle. If it no longer passes the checks, nothing of it is applied, and its sender, if still connected,
   * gets an ERROR.
   */
  run(session: RouterSession, bundle: BundleMessage, nowMicros: number): void {
    const { writes, replies, failed } = this.#options;
    try {
      writes.bundle(session, bundle, nowMicros, 'earlier');
    } catch (error) {
      if (!(error instanceof ClaspError)) failed(session, error);
      else if (session.established) replies.error(session, error);
    }
  }

  /** Reports a bundle that was acknowledged and will not run. */
  reportDropped(bundle: ScheduledBundle): void {
    const { offsets, replies, dropped } = this.#options;
    const { session } = bundle;
    dropped?.(bundle);
    if (!session.established) return;
    const text =
      `Bundle dropped: it was to run at ${bundle.atMicros + offsets.protocolAheadMicros} (microseconds since the Unix epoch) ` +
      'and was dropped for bundles of other sessions, because yours take the most of the common limit';
    replies.error(session, new ClaspError(ErrorCode.Overloaded, text));
  }
}
