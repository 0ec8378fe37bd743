import type { Qos } from '../protocol/enumerations.js';
import type { ClaspError } from '../protocol/errors.js';
import type { Message, WelcomeMessage } from '../protocol/messages/message.js';
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
import type { Subscription } from './subscription.js';
import { Subscriptions } from './subscriptions.js';

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * What is said between client and router, whatever connection carries it: requests find their answers, signals their
 * subscriptions, and a new session is told what the last one was subscribed to.
 */
export class Conversation {
  /** ERRORs of the router that answer no request, frames that cannot be read, listeners that throw. */
  readonly errors = new Listeners<Error>();
  readonly states = new Listeners<StateChange>();
  readonly serverClock: ServerClock;
  readonly cache: ParamCache;
  readonly lifecycle: Lifecycle;
  /** Of the session of now, while there is one. */
  welcome: WelcomeMessage | undefined;
  readonly #link: Link;
  readonly #options: ResolvedOptions;
  readonly #requests: Requests;
  readonly #subscriptions: Subscriptions;
  /** Those whose subscription the router has not yet answered. */
  readonly #unready = new Map<Subscription, Waiting>();

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

  /** Sends what the router answers. @returns rejects with a ClaspError or a ClientError, see {@link Requests.add} */
  async request<A>(message: Message, rules: RequestRules<A>, qos?: Qos): Promise<A> {
    this.post(message, qos);
    return this.#requests.add(rules);
  }

  /** Sends what the router answers without an end mark: a SYNC goes behind it. */
  async requestUntilSync<A>(message: Message, rules: RequestRules<A>): Promise<A> {
    const answer = this.request(message, rules);
    this.#syncUnasked();
    return answer;
  }

  /**
   * Sends what is not answered.
   *
   * @throws ClientError `offline`, `overloaded` or `closed`; EncodeError when it does not fit a frame
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

  /** @returns rejects as {@link request} does */
  async sync(): Promise<SyncResult> {
    this.#checkOpen();
    return await this.#sync();
  }

  /**
   * Adds a subscription, for this session and all to come.
   *
   * @returns resolves when the router has taken it and sent its snapshot; rejects when it is refused, and is over then, or when
   * the client is closed. Need not be looked at
   */
  subscribe(subscription: Subscription): Promise<void> {
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

  unsubscribe(subscription: Subscription): void {
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
    throw new ClientError('offline', `not connected to ${this.#link.url}; nothing was sent, and nothing is kept`);
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
    // Open when this is answered: the snapshots have begun to arrive then, and the clock is set. A datagram may be lost.
    const sync = this.#sync(() => {
      if (this.#link.reliable) this.lifecycle.opened();
    });
    sync.catch((error: unknown) => {
      if (this.#link.reliable) session.fail(errorOf(error)); // it has not opened
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
    this.states.tell(change);
  };

  // --- what the router says -----------------------------------------------------------------------------------------

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
      case 'bundle': // none of ours sends one; its parts are signals all the same
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
      if (!subscription.isActive) return; // nobody wants it any more
      this.#subscriptions.remove(subscription);
      this.#unready.get(subscription)?.reject(error);
      this.#unready.delete(subscription);
      this.#report(error);
    };
    // Without an answer it stays as it is: the connection is gone and the next one will be asked, or the answer is late.
    this.#requests.add(subscribeRules(subscription.pattern, taken, refused)).catch(() => undefined);
  }

  /** @param onAnswer is called in the very moment the answer is read, ahead of whatever follows it in the same packet */
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

  /** For what its answer tells by its place among the others. If none comes, those it is about notice themselves. */
  #syncUnasked(): void {
    if (this.#session.isWelcomed) this.#sync().catch(() => undefined);
  }

  readonly #report = (error: ClaspError | ClientError): void => {
    const isHeard = this.errors.tell(error);
    if (!isHeard && error instanceof ClientError && error.kind === 'listener') throwLater(error.cause);
  };
}
