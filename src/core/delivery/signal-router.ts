import type { routingOptions } from '../subscriptions/subscription-options.js';
import type { OptionValues } from '../../util/option.js';
import type { ClaspError } from '../../protocol/errors.js';
import type { PublishMessage, SetMessage } from '../../protocol/messages/message.js';
import type { Pattern } from '../../protocol/pattern.js';
import type { StepCounter } from '../../protocol/step-counter.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { LogMask } from '../change.js';
import { type Changes, noChanges } from '../changes.js';
import type { RecipientSource } from '../direct/recipient-sets.js';
import type { FanOut } from './fan-out.js';
import { MatchLimit } from '../subscriptions/match-limit.js';
import { Pacing, type RecipientsPort } from '../subscriptions/pacing.js';
import type { RouterSession } from '../session.js';
import type { Slice } from '../scheduling/slice.js';
import { signalTypeMask } from '../../protocol/enumerations.js';
import type { Subscription } from '../subscriptions/subscription.js';
import { type CanSee, SubscriptionIndex } from '../subscriptions/subscription-index.js';
import { SubscriptionQuota } from '../subscriptions/subscription-quota.js';

export interface RoutingOptions extends OptionValues<typeof routingOptions> {
  /** Maximum bytes of cached recipients: half of them by address, half by set. @default 67_108_864 */
  readonly recipientCacheBytes?: number | undefined;
}

/** Steps of ending a subscription. */
const UNSUBSCRIBE_STEPS = 100;
const PARAM_MASK = signalTypeMask(['param']);

/** Routes signals to their subscribers, at the requested rates. */
export class SignalRouter {
  readonly #fanOut: FanOut;
  readonly #changes: Changes;
  readonly #subscriptions: SubscriptionIndex;
  readonly #pacing: Pacing;
  readonly #matchLimit: MatchLimit;
  readonly #subscriptionQuota: SubscriptionQuota;
  /** Ended sessions that still have subscriptions to remove. */
  readonly #leaving = new Set<RouterSession>();

  /**
   * @param canSee whether a session can see an address
   * @param counter counts the steps of matching
   * @param changes receives the messages that a change log wants
   */
  constructor(
    fanOut: FanOut,
    options: RoutingOptions,
    canSee: CanSee,
    counter: StepCounter,
    changes: Changes = noChanges,
  ) {
    this.#fanOut = fanOut;
    this.#changes = changes;
    this.#subscriptions = new SubscriptionIndex(
      (type, address, paces, isSubscribed) => this.#pacing.resolve(type, address, paces, isSubscribed),
      canSee,
      counter,
      options.recipientCacheBytes && options.recipientCacheBytes / 2, // the other half is for RecipientSets
      changes,
    );
    const recipients: RecipientsPort = {
      refresh: (type, address) => void this.#subscriptions.recipients(address, type),
      forget: (address) => {
        this.#subscriptions.forget(address);
      },
    };
    this.#pacing = new Pacing(fanOut, recipients, options);
    this.#matchLimit = new MatchLimit(options.maxMatchSteps);
    this.#subscriptionQuota = new SubscriptionQuota(options.maxSubscriptionBytes);
  }

  /** The subscription index, for recipients of messages that are not decoded. */
  get recipients(): RecipientSource {
    return this.#subscriptions;
  }

  get subscriptionCount(): number {
    return this.#subscriptions.size;
  }

  /** Approximate memory of paced subscriptions in bytes, and the number of evicted pairs. */
  get pacedMemory(): Pick<Pacing, 'bytes' | 'dropped'> {
    return this.#pacing;
  }

  /** Approximate memory of subscriptions in bytes, and the number of sessions closed because theirs used most. */
  get subscriptionMemory(): Pick<SubscriptionQuota, 'bytes' | 'closed'> {
    return this.#subscriptionQuota;
  }

  /** Approximate memory of paced subscriptions and their pending messages in bytes. */
  get pacedBytes(): number {
    return this.#pacing.bytes;
  }

  /** Whether a subscription exists whose pattern begins with this literal segment. */
  hasSubscribersBelow(segment: string): boolean {
    return this.#subscriptions.hasBelow(segment);
  }

  /** Returns the subscription of a session with this ID. */
  subscriptionOf(session: RouterSession, id: number): Subscription | undefined {
    return this.#subscriptions.find(session, id);
  }

  /** Number of segments in all patterns of a session. */
  segmentsOf(session: RouterSession): number {
    return this.#subscriptions.segmentsOf(session);
  }

  /**
   * Checks that matching stays within its limit if a session subscribes to a pattern.
   *
   * @throws ClaspError 429
   */
  checkMatchSteps(session: RouterSession, pattern: Pattern): void {
    this.#matchLimit.check(
      session,
      pattern,
      () => this.#subscriptions.matchStepsWith(pattern),
      (donor, error) => {
        for (const ended of this.#leaving) if (ended.owner === donor) this.leave(ended);
        for (const heaviest of [...this.#subscriptions.sessions].filter(({ owner }) => owner === donor)) {
          this.leave(heaviest);
          heaviest.notify({ type: 'end.budgetExceeded', error });
        }
      },
    );
  }

  /**
   * Makes capacity for a subscription within the memory limit of all sessions.
   *
   * @param replaced the subscription that ends for this one
   * @throws ClaspError 429
   */
  checkMemory(session: RouterSession, pattern: Pattern, replaced: Subscription | undefined): void {
    const close = (closed: RouterSession, error?: ClaspError): void => {
      this.leave(closed);
      if (error !== undefined) closed.notify({ type: 'end.budgetExceeded', error });
    };
    this.#subscriptionQuota.check(session, pattern, replaced, close, this.#leaving);
  }

  /** Number of sessions that receive a param. */
  subscriberCount(address: string): number {
    const sessions = new Set<RouterSession>();
    for (const match of this.#subscriptions.matches(address)) {
      if (match.accepts(PARAM_MASK)) sessions.add(match.session);
    }
    return sessions.size;
  }

  /** When {@link runDue} has work; Infinity = never. */
  get dueMicros(): number {
    return this.#pacing.dueMicros;
  }

  /** Invalidates all cached recipients. */
  recipientsChanged(): void {
    this.#subscriptions.forgetAll();
  }

  subscribe(subscription: Subscription): void {
    this.#subscriptions.add(subscription);
    this.#matchLimit.add(subscription);
    this.#subscriptionQuota.add(subscription);
  }

  unsubscribe(subscription: Subscription): void {
    this.#subscriptions.remove(subscription);
    this.#matchLimit.remove(subscription);
    this.#subscriptionQuota.remove(subscription);
  }

  /**
   * Sends the new value of a param to all subscribers, including the writer if it subscribed (router.md 7.2).
   *
   * @returns the change logs that want the write
   */
  set(message: SetMessage, revision: number, nowMicros: number): LogMask {
    const { groups, paced, logs } = this.#subscriptions.recipients(message.address, 'param');
    this.#fanOut.set(groups, message, revision);
    if (paced.length > 0) this.#pacing.set(paced, message, revision, nowMicros);
    return logs;
  }

  /** Sends an unstored message to all subscribers except its sender; undefined: the router is the sender. */
  publish(message: PublishMessage, sender: RouterSession | undefined, nowMicros: number): void {
    const { groups, paced, logs } = this.#subscriptions.recipients(message.address, message.signal);
    if (logs !== 0) this.#changes.publish(logs, message, sender, nowMicros);
    this.#fanOut.publish(groups, message, sender);
    if (paced.length > 0) this.#pacing.publish(paced, message, sender, nowMicros);
  }

  /** Notes that a session received the current value of a param. @param follow see {@link Pacing.noteDelivered} */
  noteDelivered(session: RouterSession, address: string, value: EncodedValue, follow: boolean): void {
    if (follow || session.holdings.pacedSubscriptions > 0) this.#pacing.noteDelivered(session, address, value, follow);
  }

  runDue(nowMicros: number, slice: Slice): void {
    this.#pacing.runDue(nowMicros, slice);
  }

  /** Ends all subscriptions of a session synchronously. */
  leave(session: RouterSession): void {
    const leaving = this.leaving(session);
    while (leaving.next().done !== true);
  }

  /** Ends the subscriptions of an ended session piece by piece. @returns the steps of each piece */
  leaving(session: RouterSession): Iterator<number, void> {
    this.#leaving.add(session);
    return this.#endAll(session);
  }

  *#endAll(session: RouterSession): Generator<number, void> {
    for (const held of this.#subscriptions.of(session)) {
      this.unsubscribe(held);
      yield UNSUBSCRIBE_STEPS;
    }
    this.#leaving.delete(session);
    yield* this.#pacing.leaving(session);
  }
}
