import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { DueEntry } from '../scheduling/due-queue.js';
import type { Pace, PacedType } from './rate-policy.js';
import type { RouterSession } from '../session.js';

/** A message that waits for the interval of some sessions, stored once for all of them. */
export type Pending =
  | { readonly message: SetMessage; readonly revision: number }
  | { readonly message: PublishMessage; readonly revision: undefined };

/** State of one session at one address: the last delivery and the pending message. */
export class PacedSubscription {
  readonly session: RouterSession;
  readonly type: PacedType;
  readonly address: string;
  pace: Pace = everything;
  /** Messages before this time wait. */
  restsUntilMicros = -Infinity;
  /** The last delivered number. NaN if the value was no number: the next one always exceeds epsilon. */
  lastNumber = NaN;
  /** The latest message while it waits. */
  pending: Pending | undefined;
  /** Samples collected in the window, and its last message, which supplies ID and rate for the delivery. */
  samples: number[] = [];
  sampled: PublishMessage | undefined;
  /** Entry in the due queue; undefined if nothing is due. */
  due: DueEntry<PacedSubscription> | undefined;
  /** The pair is no longer tracked. Remaining references skip it. */
  isRemoved = false;

  constructor(session: RouterSession, type: PacedType, address: string) {
    this.session = session;
    this.type = type;
    this.address = address;
  }

  get hasOutput(): boolean {
    return this.pending !== undefined || this.sampled !== undefined;
  }
}

/** Whether the change since the last delivery is within epsilon. NaN on either side always exceeds it. */
export function isWithinEpsilon({ lastNumber, pace }: PacedSubscription, number: number | undefined): boolean {
  return number !== undefined && pace.epsilon > 0 && Math.abs(number - lastNumber) < pace.epsilon;
}

const everything: Pace = { intervalMicros: 0, epsilon: 0, windowMicros: 0 };
