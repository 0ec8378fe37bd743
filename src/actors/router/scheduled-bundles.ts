import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { detached } from '../../protocol/messages/detached.js';
import type { BundleMessage } from '../../protocol/messages/message.js';
import { DueQueue } from './due-queue.js';
import type { RouterSession } from './router-session.js';

export interface ScheduleLimits {
  /** How far ahead a bundle may be, in seconds. */
  readonly maxScheduleSeconds: number;
  /** Bundles of one session that may wait; 0 = unlimited. */
  readonly maxPendingBundlesPerSession: number;
}

export interface ScheduledBundle {
  readonly session: RouterSession;
  readonly bundle: BundleMessage;
  readonly atMicros: number;
}

/**
 * Bundles whose time is still to come (router.md 5.6). They outlive their sender: what was acknowledged is done. Those of
 * one time run in the order of their arrival. Time is the router's clock, which never goes back, so none runs twice or
 * never when somebody sets the system's.
 */
export class ScheduledBundles {
  readonly #limits: ScheduleLimits;
  readonly #queue = new DueQueue<ScheduledBundle>();

  constructor(limits: ScheduleLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#queue.size;
  }

  /** When the next one is due; Infinity when none is. */
  get dueMicros(): number {
    return this.#queue.dueMicros;
  }

  /** @throws ClaspError 400 when it is too far ahead, or too many of this session wait */
  check(session: RouterSession, atMicros: number, nowMicros: number): void {
    const { maxScheduleSeconds, maxPendingBundlesPerSession: most } = this.#limits;
    const seconds = (atMicros - nowMicros) / 1_000_000;
    if (seconds > maxScheduleSeconds) {
      const text = `Bundle rejected: it is ${Math.ceil(seconds)} s ahead; the limit is ${maxScheduleSeconds} s`;
      throw new ClaspError(ErrorCode.RevisionConflict, text);
    }
    if (most > 0 && session.pendingBundles >= most) {
      throw new ClaspError(
        ErrorCode.RevisionConflict,
        `Bundle rejected: ${most} bundles are waiting, which is the limit`,
      );
    }
  }

  add(session: RouterSession, bundle: BundleMessage, atMicros: number): void {
    session.pendingBundles++;
    this.#queue.push({ session, bundle: { ...bundle, messages: bundle.messages.map(detached) }, atMicros }, atMicros);
  }

  /** Takes out the next one whose time has come. */
  popDue(nowMicros: number): ScheduledBundle | undefined {
    const due = this.#queue.popDue(nowMicros);
    if (due !== undefined) due.session.pendingBundles--;
    return due;
  }
}
