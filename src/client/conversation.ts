import type { Qos } from '../protocol/enumerations.js';
import type { ClaspError } from '../protocol/errors.js';
import type { Message, WelcomeMessage } from '../protocol/messages/message.js';
import type { Unsubscribe } from './call-options.js';
import { claspErrorOf, ClientError, errorOf } from './client-error.js';
import { Lifecycle, type StateChange } from './lifecycle.js';
import type { Link } from './link.js';
import { Listeners, throwLater } from './listeners.js';
import type { ResolvedOptions } from './options.js';
import { ParamCache } from './param-cache.js';
import { subscribeRules, syncRules } from './request-rules.js';
import { type RequestRules, Requests } from './requests.js';
import { ServerClock, type SyncResult } from './server-clock.js';
import type { Session } from './session.js';
import { type Listener, type OnOptions, Subscription } from './subscription.js';
import { Subscriptions } from './subscriptions.js';

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * The messages between client and router, independent of the connection. Assigns answers to requests and signals to
 * subscriptions, and restores the subscriptions in a new session.
 */
export class Conversation {
  /** ERRORs of the router that answer no request, unreadable frames, and exceptions of listeners. */
  readonly errors = new Listeners<Error>();
  readonly states = new Listeners<StateChange>();
  readonly serverClock: ServerClock;
  readonly cache: ParamCache;
  readonly lifecycle: Lifecycle;
  /** WELCOME of the current session, if any. */
  welcome: WelcomeMessage | undefined;
  readonly #link: Link;
  readonly #options: ResolvedOptions;
  readonly #requests: Requests;
  readonly #subscriptions: Subscriptions;
  /** Subscriptions that the router has not answered yet. */
  readonly #unready = new Map<Subscription, Waiting>();
  #lastSubscriptionId = 0;

  constructor(link: Link, options: ResolvedOptions) {
    this.#link = link;
    this.#options = options;
    const { clock, ackTimeoutMs, maxCachedParams } = options;
    this.serverClock = new ServerClock(clock);
    this.cache = new ParamCache(maxCachedParams);
    this.#subscriptions = new Subscriptions(this.cache, link.reliable, this.#report);
    this.#requests = new Requests({
      clock,
      timeoutMs: ackTimeoutMs,
      reliable: link.reliable,
      onExpired: () => {
        this.#syncUnasked();
      },
    });
    this.lifecycle = new Lifecycle(link, options, {
      welcomed: this.#welcomed,
      received: this.#receive,
      faulty: this.#report,
      keepAlive: () => {
        this.#syncUnasked();
      },
      interrupted: this.#interrupted,
      changed: this.#changed,
    });
  }

  get bufferedBytes(): number {
    return this.#session.bufferedBytes;
  }

  /**
   * Sends a message that the router answers. @returns rejects with a ClaspError or a ClientError, see {@link
   * Requests.add}
   */
  async request<A>(message: Message, rules: RequestRules<A>, qos?: Qos): Promise<A> {
    this.post(message, qos);
    return this.#requests.add(rules);
  }

  /** Sends a message whose answer has no end marker. A SYNC follows it. */
  async requestUntilSync<A>(message: Message, rules: RequestRules<A>): Promise<A> {
    const answer = this.request(message, rules);
    this.#syncUnasked();
    return answer;
  }

  /**
   * Sends a message without an answer.
   *
   * @throws ClientError `offline`, `overloaded` or `closed`; EncodeError if it does not fit a frame
   */
  post(message: Message, qos?: Qos): void {
    this.#checkOpen();
    const { maxBufferedBytes } = this.#options;
    const waiting = this.#session.bufferedBytes;
    if (waiting > maxBufferedBytes) {
      const text = `${waiting} bytes already wait for the network; the limit is ${maxBufferedBytes}`;
      throw new ClientError('overloaded', text);
    }
    this.#session.send(message, qos);
  }

  /** Like {@link post}. @returns whether it was sent; false instead of a ClientError */
  tryPost(message: Message): boolean {
    try {
      this.post(message);
      return true;
    } catch (error) {
      if (error instanceof ClientError) return false;
      throw error;
    }
  }

  /** @returns rejects as {@link request} does */
  async sync(): Promise<SyncResult> {
    this.#checkOpen();
    return await this.#sync();
  }

  /** Subscribes. @throws ClaspError 202 for an invalid pattern, ArgumentError for an option out of range */
  on(pattern: string, listener: Listener, options: OnOptions): Unsubscribe {
    const { maxCachedParams } = this.#options;
    const subscription = new Subscription(++this.#lastSubscriptionId, pattern, listener, options, maxCachedParams);
    const ready = this.#subscribe(subscription);
    const end = (): void => {
      this.#unsubscribe(subscription);
    };
    return Object.assign(end, { ready });
  }

  /**
   * Adds a subscription for this and all later sessions.
   *
   * @returns resolves when the router has accepted it and sent its snapshot. Rejects if it is rejected, which ends it,
   * or if the client closes. Can be ignored
   */
  #subscribe(subscription: Subscription): Promise<void> {
    if (this.lifecycle.state === 'closed') throw new ClientError('closed', 'the client is closed');
    this.#subscriptions.add(subscription);
    const ready = new Promise<void>((resolve, reject) => this.#unready.set(subscription, { resolve, reject }));
    ready.catch(() => undefined);
    if (this.#session.isWelcomed) {
      this.#sendSubscribe(subscription);
      this.#syncUnasked();
    }
    return ready;
  }

  #unsubscribe(subscription: Subscription): void {
    if (!subscription.isActive) return;
    this.#subscriptions.remove(subscription);
    this.#unready.get(subscription)?.resolve();
    this.#unready.delete(subscription);
    this.#session.send({ type: 'unsubscribe', id: subscription.id });
  }

  #checkOpen(): void {
    const { state } = this.lifecycle;
    if (state === 'closed') throw new ClientError('closed', 'the client is closed');
    if (state === 'open') return;
    throw new ClientError('offline', `not connected to ${this.#link.url}; nothing was sent or queued`);
  }

  get #session(): Session {
    return this.lifecycle.session;
  }

  // --- sessions -----------------------------------------------------------------------------------------------------

  readonly #welcomed = (welcome: WelcomeMessage): void => {
    this.welcome = welcome;
    this.cache.session++;
    this.serverClock.welcome(welcome.time);
    for (const subscription of this.#subscriptions.all) this.#sendSubscribe(subscription);
    const session = this.#session;
    // The client is open when this SYNC is answered: snapshots are arriving by then, and the clock is set. A datagram
    // can be lost.
    const sync = this.#sync(() => {
      if (this.#link.reliable) this.lifecycle.opened();
    });
    sync.catch((error: unknown) => {
      if (this.#link.reliable) session.fail(errorOf(error)); // the client did not open
    });
    if (!this.#link.reliable) this.lifecycle.opened();
  };

  readonly #interrupted = (error: ClientError): void => {
    this.welcome = undefined;
    this.#requests.rejectAll(error);
  };

  readonly #changed = (change: StateChange): void => {
    if (change.state === 'closed') {
      const error = new ClientError('closed', 'the client was closed before the router had answered', change.reason);
      for (const { reject } of this.#unready.values()) reject(change.reason ?? error);
      this.#unready.clear();
    }
    this.states.notify(change);
  };

  // --- messages of the router ---------------------------------------------------------------------------------------

  readonly #receive = (message: Message): void => {
    switch (message.type) {
      case 'set':
        this.#subscriptions.takeSet(message);
        return;
      case 'publish':
        this.#subscriptions.takePublish(message);
        return;
      case 'snapshot':
        this.#subscriptions.takeSnapshot(message);
        this.#requests.take(message);
        return;
      case 'ack':
      case 'pong':
      case 'sync':
      case 'result':
        this.#requests.take(message);
        return;
      case 'error':
        if (!this.#requests.take(message)) this.#report(claspErrorOf(message));
        return;
      case 'ping':
        this.#session.send({ type: 'pong' });
        return;
      case 'bundle': // Routers of this library send none. The items are signals anyway.
        for (const part of message.messages) if (part.type === 'set' || part.type === 'publish') this.#receive(part);
        return;
      case 'welcome':
      case 'hello':
      case 'announce':
      case 'federationSync':
      case 'subscribe':
      case 'unsubscribe':
      case 'get':
      case 'query':
      case 'replay':
        return;
    }
  };

  #sendSubscribe(subscription: Subscription): void {
    subscription.isFresh = true;
    this.#session.send(subscription.message());
    const taken = (): void => {
      subscription.settled();
      this.#unready.get(subscription)?.resolve();
      this.#unready.delete(subscription);
    };
    const refused = (error: ClaspError): void => {
      if (!subscription.isActive) return; // the subscription has ended meanwhile
      this.#subscriptions.remove(subscription);
      this.#unready.get(subscription)?.reject(error);
      this.#unready.delete(subscription);
      this.#report(error);
    };
    // Without an answer the subscription stays. Either the connection is lost and the next one subscribes again, or the
    // answer is late.
    this.#requests.add(subscribeRules(subscription.pattern, taken, refused)).catch(() => undefined);
  }

  /** @param onAnswer called as soon as the answer is read, before later messages of the same packet */
  #sync(onAnswer: () => void = () => undefined): Promise<SyncResult> {
    const t1 = this.serverClock.nextT1();
    this.#session.send({ type: 'sync', t1 });
    const order = this.#requests.lastOrder + 1;
    return this.#requests.add(
      syncRules(t1, (message) => {
        const result = this.serverClock.sample(message);
        this.#requests.passed(order - 1);
        onAnswer();
        return result;
      }),
    );
  }

  /**
   * Sends a SYNC whose answer shows by its position which requests got none. If no answer arrives, those requests time
   * out.
   */
  #syncUnasked(): void {
    if (this.#session.isWelcomed) this.#sync().catch(() => undefined);
  }

  readonly #report = (error: ClaspError | ClientError): void => {
    const isHandled = this.errors.notify(error);
    if (!isHandled && error instanceof ClientError && error.kind === 'listener') throwLater(error.cause);
  };
}
