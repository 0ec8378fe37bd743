import type { SignalType } from '../protocol/enumerations.js';
import type { PublishMessage, SetMessage, SnapshotMessage } from '../protocol/messages/message.js';
import { ClientError } from './client-error.js';
import { type ParamCache, paramOf } from './param-cache.js';
import { type ParamSignal, type Signal, signalOf } from './signal.js';
import type { Subscription } from './subscription.js';

/** Maximum addresses with cached recipients. A hostile router can invent any number of them. */
const MAX_ROUTES = 10_000;

/** Delivers signals to their subscribers: once each, in the order of subscription. */
export class Subscriptions {
  readonly #byId = new Map<number, Subscription>();
  /** Recipients by type and address. Cleared when a subscription starts or ends. */
  #routes = new Map<string, readonly Subscription[]>();
  readonly #cache: ParamCache;
  readonly #reliable: boolean;
  readonly #report: (error: ClientError) => void;

  /** @param report called when a listener throws; the other listeners still receive the signal */
  constructor(cache: ParamCache, reliable: boolean, report: (error: ClientError) => void) {
    this.#cache = cache;
    this.#reliable = reliable;
    this.#report = report;
  }

  get all(): readonly Subscription[] {
    return [...this.#byId.values()];
  }

  add(subscription: Subscription): void {
    this.#byId.set(subscription.id, subscription);
    this.#routes.clear();
  }

  remove(subscription: Subscription): void {
    subscription.isActive = false;
    this.#byId.delete(subscription.id);
    this.#routes.clear();
  }

  takeSet(message: SetMessage): void {
    const param = this.#cache.fromSet(message);
    let signal: ParamSignal | undefined;
    for (const subscription of this.#recipients('param', message.address)) {
      if (!subscription.takesWrite(param, this.#reliable)) continue;
      signal ??= {
        kind: 'param',
        ...paramOf(param),
        lock: message.lock === true ? true : undefined,
        unlock: message.unlock === true ? true : undefined,
        fromSnapshot: false,
      };
      this.#deliver(subscription, signal);
    }
  }

  takeSnapshot(message: SnapshotMessage): void {
    for (const entry of message.params) {
      const param = this.#cache.fromSnapshot(entry);
      let signal: ParamSignal | undefined;
      for (const subscription of this.#recipients('param', entry.address)) {
        if (!subscription.isNews(param)) continue;
        signal ??= { kind: 'param', ...paramOf(param), fromSnapshot: true };
        this.#deliver(subscription, signal);
      }
    }
  }

  takePublish(message: PublishMessage): void {
    const recipients = this.#recipients(message.signal ?? 'event', message.address);
    if (recipients.length === 0) return; // without recipients nothing is built
    const signal = signalOf(message);
    for (const subscription of recipients) this.#deliver(subscription, signal);
  }

  #recipients(kind: SignalType, address: string): readonly Subscription[] {
    const key = `${kind} ${address}`;
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    const found = this.all.filter((subscription) => subscription.wants(kind, address));
    if (this.#routes.size >= MAX_ROUTES) this.#routes.clear();
    this.#routes.set(key, found);
    return found;
  }

  #deliver(subscription: Subscription, signal: Signal): void {
    if (!subscription.isActive) return; // ended by an earlier listener during this delivery
    try {
      subscription.listener(signal);
    } catch (cause) {
      const text = `a listener of ${subscription.pattern} threw at ${signal.kind} ${signal.address}`;
      this.#report(new ClientError('listener', text, cause));
    }
  }
}
