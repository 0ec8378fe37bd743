import { detachedPublish } from '../../protocol/messages/publish.js';
import { detachedSet } from '../../protocol/messages/set.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import { ValueType } from '../../protocol/values/value.js';
import { DueQueue } from '../scheduling/due-queue.js';
import type { FanOut } from '../delivery/fan-out.js';
import type { Pace, PacedType } from './rate-policy.js';
import { isWithinEpsilon, type PacedSubscription, type Pending } from './paced-subscription.js';
import { type PacedLimits, PacedSubscriptions } from './paced-subscriptions.js';
import { SampleWindows } from './sample-windows.js';
import type { RouterSession } from '../session.js';
import type { Slice } from '../scheduling/slice.js';

/** Memory of a message without its address and value. */
const BYTES_OF_MESSAGE = 300;

/**
 * Steps of sending a pending message to one session, without matching: a value, which can be written once for many
 * sessions, or a window.
 */
const SEND_STEPS = 15;
const WINDOW_STEPS = 50;
/** Steps of removing a pair. */
const FORGET_STEPS = 15;
/** Samples written per step, log2. */
const SAMPLES_PER_STEP_LOG2 = 2;

/** The recipient index, as pacing uses it. */
export interface RecipientsPort {
  /** Looks up the recipients of an address, so that {@link Pacing.resolve} is called if they have changed. */
  readonly refresh: (type: PacedType, address: string) => void;
  /** Discards the recipients of an address. They are resolved again before its next message. */
  readonly forget: (address: string) => void;
}

/**
 * Delivers params and streams to subscribers with `maxRate`, `epsilon` or `window` (router.md 5.1). The first message
 * after a pause is sent at once, then the latest one per interval. The last one is always sent, unless it is within
 * epsilon of the session's current value.
 *
 * One queue by time contains all pending messages, so paced subscribers need no timers. A message to a thousand waiting
 * sessions costs a comparison and a reference per session. Reads no clock: the owner calls {@link runDue} at {@link
 * dueMicros}.
 */
export class Pacing {
  readonly #fanOut: FanOut;
  readonly #registry: PacedSubscriptions;
  readonly #recipients: RecipientsPort;
  readonly #windows: SampleWindows;
  readonly #queue = new DueQueue<PacedSubscription>();

  constructor(fanOut: FanOut, recipients: RecipientsPort, limits: PacedLimits) {
    this.#fanOut = fanOut;
    this.#recipients = recipients;
    this.#registry = new PacedSubscriptions(limits, (paced) => {
      this.#unqueue(paced);
      recipients.forget(paced.address); // cached recipients contain the evicted pair
      this.#settle(paced);
    });
    this.#windows = new SampleWindows(fanOut, this.#registry, (paced, dueMicros) => {
      this.#awaitDue(paced, dueMicros);
    });
  }

  /** When {@link runDue} has work; Infinity = never. */
  get dueMicros(): number {
    return this.#queue.dueMicros;
  }

  /** Approximate memory in bytes. */
  get bytes(): number {
    return this.#registry.bytes;
  }

  /** Number of evicted pairs. */
  get dropped(): number {
    return this.#registry.dropped;
  }

  /** Number of tracked pairs of session and address. */
  get size(): number {
    return this.#registry.size;
  }

  /**
   * Applies the current subscriptions of an address. A session that is no longer paced gets its pending message.
   *
   * @param isSubscribed whether an unpaced session gets the messages of the address
   * @returns the recipients to pass to {@link set} and {@link publish}
   */
  resolve(
    type: PacedType,
    address: string,
    paces: ReadonlyMap<RouterSession, Pace>,
    isSubscribed: (session: RouterSession) => boolean,
  ): readonly PacedSubscription[] {
    for (const paced of this.#registry.of(type, address)) {
      if (paces.has(paced.session)) continue;
      this.#forget(paced);
      if (isSubscribed(paced.session)) this.#settle(paced);
    }
    if (paces.size === 0) return none;
    const resolved: PacedSubscription[] = [];
    for (const [session, pace] of paces) {
      const paced = this.#registry.follow(session, type, address);
      paced.pace = pace;
      // Samples of a window that has ended precede further messages.
      if (pace.windowMicros === 0) this.#windows.send(paced, paced.restsUntilMicros);
      resolved.push(paced);
    }
    return resolved;
  }

  /** Handles a SET. The writer is a recipient too, if subscribed. */
  set(recipients: readonly PacedSubscription[], message: SetMessage, revision: number, nowMicros: number): void {
    const number = numberOf(message.value);
    // A lock or unlock is always delivered, whatever the value.
    const isNews = message.lock === true || message.unlock === true;
    let kept: Pending | undefined;
    const ready: RouterSession[] = [];
    for (const paced of recipients) {
      if (!isNews && isWithinEpsilon(paced, number)) paced.pending = undefined;
      else if (nowMicros < paced.restsUntilMicros)
        this.#keep(paced, (kept ??= this.#pending(paced, { message: detachedSet(message), revision })));
      else ready.push(this.#deliver(paced, number, nowMicros));
    }
    if (ready.length > 0) this.#fanOut.setTo(ready, message, revision);
  }

  /** Sends a stream message to all recipients except its sender. */
  publish(
    recipients: readonly PacedSubscription[],
    message: PublishMessage,
    sender: RouterSession | undefined,
    nowMicros: number,
  ): void {
    const number = numberOf(message.value);
    const samples = message.samples ?? (number === undefined ? undefined : [number]);
    let kept: Pending | undefined;
    const ready: RouterSession[] = [];
    for (const paced of recipients) {
      if (paced.session === sender) continue;
      if (paced.pace.windowMicros > 0) {
        if (samples !== undefined) {
          this.#windows.collect(paced, message, samples, nowMicros);
          continue;
        }
        this.#windows.send(paced, nowMicros); // a message without a sample keeps its order among samples
      }
      if (isWithinEpsilon(paced, number)) paced.pending = undefined;
      else if (nowMicros < paced.restsUntilMicros)
        this.#keep(paced, (kept ??= this.#pending(paced, { message: detachedPublish(message), revision: undefined })));
      else ready.push(this.#deliver(paced, number, nowMicros));
    }
    if (ready.length > 0) this.#fanOut.publishTo(ready, message);
  }

  /**
   * Notes that a session received a param in a snapshot, as its current value.
   *
   * @param follow whether to track the pair if nothing was delivered at the address yet
   */
  noteDelivered(session: RouterSession, address: string, value: EncodedValue, follow: boolean): void {
    const paced = follow
      ? this.#registry.follow(session, 'param', address)
      : this.#registry.find(session, 'param', address);
    if (paced === undefined) return;
    paced.pending = undefined; // it was older than the snapshot, or equal
    paced.lastNumber = numberOf(value) ?? NaN;
  }

  /** Sends messages whose interval has passed, until the slice ends. */
  runDue(nowMicros: number, slice: Slice): void {
    const due = new Map<Pending, RouterSession[]>();
    while (!slice.isOver) {
      const paced = this.#queue.popDue(nowMicros);
      if (paced === undefined) break;
      slice.spend(
        paced.sampled === undefined ? SEND_STEPS : WINDOW_STEPS + (paced.samples.length >> SAMPLES_PER_STEP_LOG2),
      );
      paced.due = undefined;
      if (!paced.hasOutput || !this.#isTracked(paced)) continue;
      if (paced.restsUntilMicros > nowMicros) this.#awaitDue(paced, paced.restsUntilMicros);
      else if (paced.sampled !== undefined) this.#windows.send(paced, nowMicros);
      else if (paced.pending !== undefined) {
        const { pending } = paced;
        const sessions = due.get(pending);
        if (sessions === undefined) due.set(pending, [paced.session]);
        else sessions.push(paced.session);
        this.#deliver(paced, numberOf(pending.message.value), nowMicros);
      }
    }
    for (const [pending, sessions] of due) this.#send(pending, sessions);
  }

  /** Removes the pairs of an ended session. Nothing is sent to it. @returns the steps of each pair */
  *leaving(session: RouterSession): Generator<number, void> {
    for (const paced of this.#registry.ofSession(session)) {
      this.#forget(paced);
      yield FORGET_STEPS;
    }
  }

  #forget(paced: PacedSubscription): void {
    this.#registry.forget(paced);
    this.#unqueue(paced);
  }

  #unqueue(paced: PacedSubscription): void {
    if (paced.due !== undefined) this.#queue.remove(paced.due);
    paced.due = undefined;
  }

  /** The session may have ended, unsubscribed, or subscribed to more in the meantime. */
  #isTracked(paced: PacedSubscription): boolean {
    if (paced.isRemoved || paced.session.hasLeft) return false;
    this.#recipients.refresh(paced.type, paced.address);
    return !paced.isRemoved;
  }

  /** Marks the current message as delivered to this session. */
  #deliver(paced: PacedSubscription, number: number | undefined, nowMicros: number): RouterSession {
    paced.pending = undefined;
    paced.lastNumber = number ?? NaN;
    paced.restsUntilMicros = nowMicros + paced.pace.intervalMicros;
    return paced.session;
  }

  /** Counts the memory of a message that is stored once for all waiting sessions. */
  #pending(paced: PacedSubscription, pending: Pending): Pending {
    const { address, value } = pending.message;
    this.#registry.holdOnly(paced, BYTES_OF_MESSAGE + 2 * address.length + (value?.byteLength ?? 0));
    return pending;
  }

  #keep(paced: PacedSubscription, pending: Pending): void {
    paced.pending = pending;
    this.#awaitDue(paced, paced.restsUntilMicros);
  }

  #awaitDue(paced: PacedSubscription, dueMicros: number): void {
    paced.due ??= this.#queue.push(paced, dueMicros);
  }

  /** The address is no longer paced for this session: the pending message is sent. */
  #settle(paced: PacedSubscription): void {
    this.#windows.send(paced, paced.restsUntilMicros);
    const { pending } = paced;
    paced.pending = undefined;
    if (pending !== undefined) this.#send(pending, [paced.session]);
  }

  #send({ message, revision }: Pending, sessions: readonly RouterSession[]): void {
    if (revision === undefined) this.#fanOut.publishTo(sessions, message);
    else this.#fanOut.setTo(sessions, message, revision);
  }
}

const none: readonly PacedSubscription[] = [];

/** Returns Int and Float as a number; undefined for other values. */
function numberOf(value: EncodedValue | undefined): number | undefined {
  if (value?.type !== ValueType.Float64 && value?.type !== ValueType.Int64) return undefined;
  return Number(value.decode());
}
