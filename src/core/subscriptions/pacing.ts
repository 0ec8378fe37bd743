import { detachedPublish, detachedSet } from '../../protocol/messages/detached.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import { ValueType } from '../../protocol/values/value.js';
import { DueQueue } from '../scheduling/due-queue.js';
import type { FanOut } from '../delivery/fan-out.js';
import type { Pace, PacedType } from './rate-policy.js';
import type { PacedSubscription, Pending } from './paced-subscription.js';
import { type PacedLimits, PacedSubscriptions } from './paced-subscriptions.js';
import type { RouterSession } from '../session.js';
import type { Slice } from '../scheduling/slice.js';

/** Samples that leave in one message at most; a window that holds as many is closed early. */
const MAX_WINDOW_SAMPLES = 4_096;
/** Memory of a sample, and of a message beside its address and value. */
const BYTES_OF_SAMPLE = 8;
const BYTES_OF_MESSAGE = 300;
/**
 * Everything in a PUBLISH of samples that is neither address nor sample, with headers and the names that CBOR gives its
 * fields: enough.
 */
const SAMPLES_OVERHEAD_BYTES = 128;
/** Of a sample in CBOR; compact binary takes one less. */
const MAX_SAMPLE_BYTES = 9;

/** Steps of sending what waited for one session, beside those of matching: a value, which may be written for many at once, or a window. */
const SEND_STEPS = 15;
const WINDOW_STEPS = 50;
/** Steps of forgetting a pair. */
const FORGET_STEPS = 15;
/** Samples written in a step. */
const SAMPLES_PER_STEP_LOG2 = 2;

/** What pacing asks of whoever knows the recipients of each address. */
export interface RecipientsPort {
  /** Looks up who gets messages of an address, so that {@link Pacing.resolve} hears of it if that has changed. */
  readonly refresh: (type: PacedType, address: string) => void;
  /** Lets go of the recipients of an address: they are to be resolved anew before its next message. */
  readonly forget: (address: string) => void;
}

/**
 * Delivers params and streams to those who subscribed with `maxRate`, `epsilon` or `window` (router.md 5.1). The first message
 * after a rest goes out at once, then the latest one each interval; the last one always arrives, unless it is within epsilon of
 * what the session has already.
 *
 * One queue by time holds all that waits, so a thousand paced subscribers cost no timer each; a message that meets a thousand
 * resting ones costs a comparison and a reference for each. Reads no clock: the owner calls {@link runDue} at {@link dueMicros}.
 */
export class Pacing {
  readonly #fanOut: FanOut;
  readonly #registry: PacedSubscriptions;
  readonly #recipients: RecipientsPort;
  readonly #queue = new DueQueue<PacedSubscription>();

  constructor(fanOut: FanOut, recipients: RecipientsPort, limits: PacedLimits) {
    this.#fanOut = fanOut;
    this.#recipients = recipients;
    this.#registry = new PacedSubscriptions(limits, (paced) => {
      this.#unqueue(paced);
      recipients.forget(paced.address); // they hold what is forgotten here
      this.#settle(paced);
    });
  }

  /** When {@link runDue} has something to do; Infinity when never. */
  get dueMicros(): number {
    return this.#queue.dueMicros;
  }

  /** Memory that all of it takes, roughly. */
  get bytes(): number {
    return this.#registry.bytes;
  }

  /** Pairs that made room for others. */
  get dropped(): number {
    return this.#registry.dropped;
  }

  /** Pairs of session and address that are being followed. */
  get size(): number {
    return this.#registry.size;
  }

  /**
   * The subscriptions of an address are as they are now. Who is no longer paced gets what was waiting for it.
   *
   * @param isSubscribed whether a session that is not paced gets the messages of the address at all
   * @returns those to whom {@link set} and {@link publish} are to be addressed
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
    if (paces.size === 0) return nobody;
    const resolved: PacedSubscription[] = [];
    for (const [session, pace] of paces) {
      const paced = this.#registry.follow(session, type, address);
      paced.pace = pace;
      // What a window has collected that is no longer there goes ahead of what follows.
      if (pace.windowMicros === 0) this.#sendSamples(paced, paced.restsUntilMicros);
      resolved.push(paced);
    }
    return resolved;
  }

  /** A SET, to the writer too if it is among them. */
  set(recipients: readonly PacedSubscription[], message: SetMessage, revision: number, nowMicros: number): void {
    const number = numberOf(message.value);
    // What locks or unlocks is news, whatever the value.
    const isNews = message.lock === true || message.unlock === true;
    let kept: Pending | undefined;
    const ready: RouterSession[] = [];
    for (const paced of recipients) {
      if (!isNews && isWithinEpsilon(paced, number)) paced.pending = undefined;
      else if (nowMicros < paced.restsUntilMicros)
        this.#keep(paced, (kept ??= this.#pending(paced, { message: detachedSet(message), revision })));
      else ready.push(this.#goes(paced, number, nowMicros));
    }
    if (ready.length > 0) this.#fanOut.setTo(ready, message, revision);
  }

  /** A message of a stream, to everybody but its sender. */
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
          this.#collect(paced, message, samples, nowMicros);
          continue;
        }
        this.#sendSamples(paced, nowMicros); // what is no sample comes in its place among them
      }
      if (isWithinEpsilon(paced, number)) paced.pending = undefined;
      else if (nowMicros < paced.restsUntilMicros)
        this.#keep(paced, (kept ??= this.#pending(paced, { message: detachedPublish(message), revision: undefined })));
      else ready.push(this.#goes(paced, number, nowMicros));
    }
    if (ready.length > 0) this.#fanOut.publishTo(ready, message);
  }

  /**
   * A session was told a param in a snapshot: that is the value it has now.
   *
   * @param follow whether to remember it where nothing of the address was delivered yet
   */
  told(session: RouterSession, address: string, value: EncodedValue, follow: boolean): void {
    const paced = follow
      ? this.#registry.follow(session, 'param', address)
      : this.#registry.find(session, 'param', address);
    if (paced === undefined) return;
    paced.pending = undefined; // it was older than the snapshot, or the same
    paced.lastNumber = numberOf(value) ?? NaN;
  }

  /** Sends what has waited for long enough, until the slice is over. */
  runDue(nowMicros: number, slice: Slice): void {
    const due = new Map<Pending, RouterSession[]>();
    while (!slice.isOver) {
      const paced = this.#queue.popDue(nowMicros);
      if (paced === undefined) break;
      slice.spend(
        paced.sampled === undefined ? SEND_STEPS : WINDOW_STEPS + (paced.samples.length >> SAMPLES_PER_STEP_LOG2),
      );
      paced.due = undefined;
      if (!paced.hasSomethingToSay || !this.#isFollowed(paced)) continue;
      if (paced.restsUntilMicros > nowMicros) this.#await(paced, paced.restsUntilMicros);
      else if (paced.sampled !== undefined) this.#sendSamples(paced, nowMicros);
      else if (paced.pending !== undefined) {
        const { pending } = paced;
        const sessions = due.get(pending);
        if (sessions === undefined) due.set(pending, [paced.session]);
        else sessions.push(paced.session);
        this.#goes(paced, numberOf(pending.message.value), nowMicros);
      }
    }
    for (const [pending, sessions] of due) this.#send(pending, sessions);
  }

  /** A session is gone, and nothing can be said to it. @returns the steps of each pair that is forgotten */
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

  /** It may have left meanwhile, or unsubscribed, or subscribed to more. */
  #isFollowed(paced: PacedSubscription): boolean {
    if (paced.isGone || paced.session.hasLeft) return false;
    this.#recipients.refresh(paced.type, paced.address);
    return !paced.isGone;
  }

  /** The message of this moment goes out to this session. */
  #goes(paced: PacedSubscription, number: number | undefined, nowMicros: number): RouterSession {
    paced.pending = undefined;
    paced.lastNumber = number ?? NaN;
    paced.restsUntilMicros = nowMicros + paced.pace.intervalMicros;
    return paced.session;
  }

  /** Counts a message that is kept once for all who wait for it. */
  #pending(paced: PacedSubscription, pending: Pending): Pending {
    const { address, value } = pending.message;
    this.#registry.holdOnly(paced, BYTES_OF_MESSAGE + 2 * address.length + (value?.byteLength ?? 0));
    return pending;
  }

  #keep(paced: PacedSubscription, pending: Pending): void {
    paced.pending = pending;
    this.#await(paced, paced.restsUntilMicros);
  }

  #await(paced: PacedSubscription, dueMicros: number): void {
    paced.due ??= this.#queue.push(paced, dueMicros);
  }

  #collect(paced: PacedSubscription, message: PublishMessage, samples: readonly number[], nowMicros: number): void {
    if (paced.samples.length + samples.length > capacityOf(paced)) this.#sendSamples(paced, nowMicros);
    const before = paced.samples.length;
    for (const sample of samples) {
      if (isWithinEpsilon(paced, sample)) continue;
      paced.lastNumber = sample;
      paced.samples.push(sample);
    }
    if (paced.samples.length === before) return;
    this.#registry.hold(paced, (paced.samples.length - before) * BYTES_OF_SAMPLE);
    paced.pending = undefined; // the latest wins
    // Of the first: when the samples begin. Its value stays behind, so nothing of the frame is held on to.
    const { address, signal, id, rate } = message;
    const timestamp = paced.sampled === undefined ? message.timestamp : paced.sampled.timestamp;
    if (paced.sampled === undefined) {
      this.#await(paced, Math.max(nowMicros + paced.pace.windowMicros, paced.restsUntilMicros));
    }
    paced.sampled = { type: 'publish', address, signal, id, rate, timestamp };
    if (paced.samples.length >= capacityOf(paced)) this.#sendSamples(paced, nowMicros);
  }

  #sendSamples(paced: PacedSubscription, nowMicros: number): void {
    const { sampled, samples } = paced;
    if (sampled === undefined) return;
    paced.sampled = undefined;
    paced.samples = [];
    this.#registry.hold(paced, -samples.length * BYTES_OF_SAMPLE);
    paced.restsUntilMicros = nowMicros + paced.pace.intervalMicros;
    this.#fanOut.publishTo([paced.session], { ...sampled, samples });
  }

  /** Nothing of an address is followed any more for this session: what waited goes out, late in nothing but name. */
  #settle(paced: PacedSubscription): void {
    this.#sendSamples(paced, paced.restsUntilMicros);
    const { pending } = paced;
    paced.pending = undefined;
    if (pending !== undefined) this.#send(pending, [paced.session]);
  }

  #send({ message, revision }: Pending, sessions: readonly RouterSession[]): void {
    if (revision === undefined) this.#fanOut.publishTo(sessions, message);
    else this.#fanOut.setTo(sessions, message, revision);
  }
}

const nobody: readonly PacedSubscription[] = [];

/** The change since the last delivery is too small to tell. NaN, on either side, is far away from everything. */
function isWithinEpsilon({ lastNumber, pace }: PacedSubscription, number: number | undefined): boolean {
  return number !== undefined && pace.epsilon > 0 && Math.abs(number - lastNumber) < pace.epsilon;
}

/** Int and Float alike; undefined for what is no number. */
function numberOf(value: EncodedValue | undefined): number | undefined {
  if (value?.type !== ValueType.Float64 && value?.type !== ValueType.Int64) return undefined;
  return Number(value.decode());
}

/** How many samples fit one message to this session. */
function capacityOf({ session, address }: PacedSubscription): number {
  const { maxFrameBytes } = session.link;
  if (maxFrameBytes === undefined) return MAX_WINDOW_SAMPLES;
  const room = Math.floor((maxFrameBytes - SAMPLES_OVERHEAD_BYTES - 3 * address.length) / MAX_SAMPLE_BYTES);
  return Math.max(1, Math.min(MAX_WINDOW_SAMPLES, room));
}
