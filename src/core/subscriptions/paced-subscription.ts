import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { DueEntry } from '../scheduling/due-queue.js';
import type { Pace, PacedType } from './rate-policy.js';
import type { RouterSession } from '../session.js';

/** A message that waits for the interval of some sessions to pass, kept once for all of them. */
export type Pending =
  | { readonly message: SetMessage; readonly revision: number }
  | { readonly message: PublishMessage; readonly revision: undefined };

/** What one session has heard of one address, and what is still to come. */
export class PacedSubscription {
  readonly session: RouterSession;
  readonly type: PacedType;
  readonly address: string;
  pace: Pace = everything;
  /** Until then the next message waits. */
  restsUntilMicros = -Infinity;
  /** The last number that was delivered; NaN where it was none, from which everything is far away. */
  lastNumber = NaN;
  /** The latest message, while it waits. */
  pending: Pending | undefined;
  /** What a window has collected so far, and the last message of it: id and rate of the one that leaves. */
  samples: number[] = [];
  sampled: PublishMessage | undefined;
  /** Its place in the queue of what waits; undefined while it has none. */
  due: DueEntry<PacedSubscription> | undefined;
  /** It is followed no more: what still holds it passes over. */
  isGone = false;

  constructor(session: RouterSession, type: PacedType, address: string) {
    this.session = session;
    this.type = type;
    this.address = address;
  }

  get hasSomethingToSay(): boolean {
    return this.pending !== undefined || this.sampled !== undefined;
  }
}

const everything: Pace = { intervalMicros: 0, epsilon: 0, windowMicros: 0 };
