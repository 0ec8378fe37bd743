import type { BundleItem, Client, Unsubscribe } from '../client/index.js';
import { ClientError } from '../client/index.js';
import type { RunningRouter } from '../running-router.js';
import { type ClaspEvent, type ClaspRequest, eventOf, refusal } from './events.js';

/** What may wait until the session is open: the few events that a program sends in one go with the start, and a limit to mistakes. */
const MAX_WAITING = 10_000;

/**
 * The session that the actor itself has at its router, through which what it is sent goes and what is subscribed comes. Plain
 * code beside the machine: a param that is set, or heard, is no transition.
 */
export class HostSession {
  readonly #tell: (event: ClaspEvent) => void;
  readonly #subscriptions = new Map<string, Unsubscribe>();
  /** Those of which `clasp.refused` has told, or is about to, with the request. */
  readonly #told = new WeakSet<Error>();
  #waiting: ClaspRequest[] = [];
  #router: RunningRouter | undefined;
  #client: Client | undefined;
  #state: 'opening' | 'open' | 'leaving' = 'opening';
  #id: string | undefined;

  constructor(tell: (event: ClaspEvent) => void) {
    this.#tell = tell;
  }

  /** The session id it has, or had. */
  get id(): string | undefined {
    return this.#id;
  }

  /**
   * Opens the session, subscribes and does what has waited.
   *
   * @throws ClaspError for a subscription that the router refuses, ClientError when it was stopped meanwhile
   */
  async join(
    router: RunningRouter,
    name: string,
    subscriptions: readonly Extract<ClaspRequest, { readonly type: 'clasp.subscribe' }>[],
  ): Promise<void> {
    this.#router = router;
    const client = await router.connect({ name });
    if (this.#state !== 'opening') return client.close();
    this.#client = client;
    this.#id = client.session;
    client.onError((error) => {
      // What answers a request is told by that, with the request.
      queueMicrotask(() => {
        if (!this.#told.has(error)) this.#refuse(undefined, error);
      });
    });
    await Promise.all(subscriptions.map((request) => this.#subscribe(client, request)));
    const requests = this.#waiting;
    this.#waiting = [];
    this.#state = 'open';
    for (const request of requests) this.take(request);
  }

  take(request: ClaspRequest): void {
    if (this.#state === 'opening') {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push(request);
      else
        this.#refuse(
          request,
          new ClientError('overloaded', `${MAX_WAITING} events already wait for the router to start`),
        );
      return;
    }
    if (this.#state !== 'open' || this.#client === undefined || this.#router === undefined) {
      this.#refuse(request, new ClientError('closed', 'the router is stopping'));
      return;
    }
    try {
      this.#do(this.#client, this.#router, request);
    } catch (error) {
      this.#refuse(request, error);
    }
  }

  /** Does not resolve. Rejects when the session ends although neither it nor the router was to: a fault has cost it. */
  lost(): Promise<never> {
    return new Promise((_, reject) => {
      this.#client?.onState(({ state, reason }) => {
        const isOurWish = this.#state === 'leaving' || this.#router?.actor.getSnapshot().matches('running') !== true;
        if (state === 'closed' && !isOurWish) reject(reason ?? new ClientError('closed', 'the session was closed'));
      });
    });
  }

  /** Resolves when the router has taken all that was sent to it, and the session is gone. */
  async leave(): Promise<void> {
    for (const request of this.#waiting) this.#refuse(request, new ClientError('closed', 'the router is stopping'));
    this.#waiting = [];
    this.#state = 'leaving';
    // Its answer comes behind those to all that was asked before.
    await this.#client?.ping().catch(() => undefined);
    await this.#client?.close();
  }

  #do(client: Client, router: RunningRouter, request: ClaspRequest): void {
    const refuse = (error: unknown): void => {
      this.#refuse(request, error);
    };
    switch (request.type) {
      case 'clasp.set':
        client.set(request.address, request.value, request.options).catch(refuse);
        return;
      case 'clasp.emit':
        this.#publish(client, request, {
          ...request.options,
          kind: 'event',
          address: request.address,
          value: request.value,
        });
        return;
      case 'clasp.publish':
        this.#publish(client, request, request.signal);
        return;
      case 'clasp.bundle':
        client.bundle(request.items, request.options).catch(refuse);
        return;
      case 'clasp.subscribe':
        this.#subscribe(client, request).catch(refuse);
        return;
      case 'clasp.unsubscribe':
        this.#unsubscribe(request.id);
        return;
      case 'clasp.listen':
        router.listen(request.transport).catch(refuse);
        return;
    }
  }

  #publish(client: Client, request: ClaspRequest, item: BundleItem): void {
    if (item.kind === 'param') {
      const { revision, lock, unlock, ttlSeconds, absolute } = item;
      client.set(item.address, item.value, { revision, lock, unlock, ttlSeconds, absolute }).catch((error: unknown) => {
        this.#refuse(request, error);
      });
    } else if (!passOn(client, item)) {
      this.#refuse(request, new ClientError('closed', 'the router is stopping'));
    }
  }

  async #subscribe(
    client: Client,
    { pattern, options, id = pattern }: Extract<ClaspRequest, { readonly type: 'clasp.subscribe' }>,
  ): Promise<void> {
    this.#unsubscribe(id);
    const unsubscribe = client.on(
      pattern,
      (signal) => {
        this.#tell(eventOf(signal, id));
      },
      options,
    );
    this.#subscriptions.set(id, unsubscribe);
    try {
      await unsubscribe.ready;
    } catch (error) {
      if (this.#subscriptions.get(id) === unsubscribe) this.#subscriptions.delete(id);
      if (error instanceof Error) this.#told.add(error);
      throw error;
    }
  }

  #unsubscribe(id: string): void {
    this.#subscriptions.get(id)?.();
    this.#subscriptions.delete(id);
  }

  #refuse(request: ClaspRequest | undefined, thrown: unknown): void {
    this.#tell(refusal(request, thrown));
  }
}

/** @returns whether it was sent @throws ClaspError for an address or a value that is none */
function passOn(client: Client, item: Exclude<BundleItem, { readonly kind: 'param' }>): boolean {
  const { timestamp } = item;
  switch (item.kind) {
    case 'event':
      return client.emit(item.address, item.value, { timestamp });
    case 'stream':
      return client.stream(item.address, item.value, { timestamp, rate: item.rate });
    case 'gesture':
      return client.gesture(item.address, item.id, item.phase, item.value, { timestamp });
    case 'timeline':
      return client.timeline(item.address, item.timeline, { timestamp });
  }
}
