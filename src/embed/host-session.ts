import type { Logger } from '../core/ports.js';
import { ArgumentError, quoted } from '../util/arguments.js';
import type { BundleItem, Client, StateChange, Unsubscribe } from '../client/index.js';
import { ClientError } from '../client/index.js';
import { didYouMean } from '../util/did-you-mean.js';
import type { Router } from '../router/router.js';
import type { SubscribeRequest } from './clasp-input.js';
import { type ClaspEvent, type ClaspRequest, eventOf, refusal } from './events.js';
import { checkRequest } from './requests.js';

/**
 * Maximum requests before the session is open. A program sends only a few at its start; the limit bounds a bug in it.
 */
const MAX_WAITING = 10_000;

interface Subscribed {
  readonly request: SubscribeRequest;
  readonly end: Unsubscribe;
}

/**
 * The session of the actor at its router. It carries the requests and the subscriptions of the actor. It is plain code
 * beside the machine: a written or received param causes no transition.
 *
 * If the router closes it, it is reopened with its subscriptions. Requests wait meanwhile.
 */
export class HostSession {
  readonly #emit: (event: ClaspEvent) => void;
  readonly #logger: Logger;
  readonly #subscriptions = new Map<string, Subscribed>();
  /** Errors that `clasp.refused` reports with their request. */
  readonly #refused = new WeakSet<Error>();
  /** Ids of its sessions: the current one, and earlier ones until they are closed. */
  readonly #ids = new Set<string>();
  #waiting: ClaspRequest[] = [];
  #router: Router | undefined;
  #client: Client | undefined;
  #state: 'opening' | 'open' | 'leaving' = 'opening';
  /** Remote address of its last attempt to open a session. */
  #remoteAddress: string | undefined;

  constructor(emit: (event: ClaspEvent) => void, logger: Logger) {
    this.#emit = emit;
    this.#logger = logger;
  }

  /**
   * Opens the session, subscribes and handles the waiting requests.
   *
   * @throws ClaspError for a refused subscription, ClientError if the router was stopped meanwhile
   */
  async join(router: Router, name: string, subscriptions: readonly SubscribeRequest[]): Promise<void> {
    this.#router = router;
    const onAttempt = (remoteAddress: string): void => {
      this.#remoteAddress = remoteAddress;
    };
    const client = await router.connectLasting({ name, onAttempt });
    if (this.#state !== 'opening') return client.close();
    this.#client = client;
    if (client.session !== undefined) this.#ids.add(client.session);
    client.onError((error) => {
      // The error of a request is reported with the request.
      queueMicrotask(() => {
        if (!this.#refused.has(error)) this.#refuse(undefined, error);
      });
    });
    await Promise.all(subscriptions.map((request) => this.#subscribe(client, request)));
    client.onState((change) => {
      this.#changed(client, router, name, change);
    });
    if (client.state === 'open') this.#opened();
  }

  take(request: ClaspRequest): void {
    if (this.#state === 'opening') {
      if (this.#waiting.length < MAX_WAITING) this.#waiting.push(request);
      else
        this.#refuse(
          request,
          new ClientError('overloaded', `${MAX_WAITING} events already wait for the session of the router's actor`),
        );
      return;
    }
    if (this.#state !== 'open' || this.#client === undefined || this.#router === undefined) {
      this.#refuse(request, new ClientError('closed', 'the router is stopping'));
      return;
    }
    try {
      checkRequest(request);
      this.#do(this.#client, this.#router, request);
    } catch (error) {
      this.#refuse(request, error);
    }
  }

  /** Whether an opened session of the router is this one. */
  isOpening({ id, remoteAddress }: { readonly id: string; readonly remoteAddress: string }): boolean {
    const isOwn = remoteAddress === this.#remoteAddress;
    if (isOwn) this.#ids.add(id);
    return isOwn;
  }

  /** Whether a closed session was this one. Call it once for each. */
  isClosing(id: string): boolean {
    return this.#ids.delete(id);
  }

  /** Resolves when the router has received all requests, and the session has ended. */
  async leave(): Promise<void> {
    for (const request of this.#waiting) this.#refuse(request, new ClientError('closed', 'the router is stopping'));
    this.#waiting = [];
    this.#state = 'leaving';
    // Its answer follows those of all earlier requests.
    await this.#client?.ping().catch(() => undefined);
    await this.#client?.close();
  }

  #opened(): void {
    if (this.#state !== 'opening') return;
    const requests = this.#waiting;
    this.#waiting = [];
    this.#state = 'open';
    for (const request of requests) this.take(request);
  }

  #changed(client: Client, router: Router, name: string, { state, reason }: StateChange): void {
    if (this.#state === 'leaving' || router.isStopping) return;
    switch (state) {
      case 'open':
        this.#opened();
        return;
      case 'reconnecting':
        this.#state = 'opening';
        this.#logger.warn({ err: reason }, "the session of the router's actor was closed; it is opened again");
        return;
      case 'closed':
        // The client does not reconnect for this reason.
        this.#state = 'opening';
        this.#logger.warn({ err: reason }, "the session of the router's actor was closed; another one is opened");
        void this.#openAnother(client, router, name);
        return;
      case 'connecting':
        return; // only before the first session
    }
  }

  async #openAnother(last: Client, router: Router, name: string): Promise<void> {
    await last.close();
    const requests = [...this.#subscriptions.values()].map(({ request }) => request);
    this.#subscriptions.clear();
    try {
      await this.join(router, name, requests);
    } catch (error) {
      if (router.isStopping) return;
      this.#logger.error(
        { err: error },
        "the router's actor has no session: it routes, and refuses what the actor is sent",
      );
      await this.leave();
    }
  }

  #do(client: Client, router: Router, request: ClaspRequest): void {
    const refuse = (error: unknown): void => {
      this.#refuse(request, error);
    };
    switch (request.type) {
      case 'clasp.set':
        client.set(request.address, request.value, request.options).catch(refuse);
        return;
      case 'clasp.emit':
        this.#mustBeSent(request, client.emit(request.address, request.value, request.options));
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
    } else this.#mustBeSent(request, passOn(client, item));
  }

  #mustBeSent(request: ClaspRequest, isSent: boolean): void {
    if (!isSent) this.#refuse(request, new ClientError('offline', "the session of the router's actor was just closed"));
  }

  async #subscribe(client: Client, request: SubscribeRequest): Promise<void> {
    const { pattern, options, id = pattern } = request;
    const end = client.on(
      pattern,
      (signal) => {
        this.#emit(eventOf(signal, id));
      },
      options,
    );
    this.#end(id);
    const subscribed = { request, end };
    this.#subscriptions.set(id, subscribed);
    try {
      await end.ready;
    } catch (error) {
      if (this.#subscriptions.get(id) === subscribed) this.#subscriptions.delete(id);
      if (error instanceof Error) this.#refused.add(error);
      throw error;
    }
  }

  /** @throws ArgumentError if there is no such subscription */
  #unsubscribe(id: string): void {
    if (this.#end(id)) return;
    const meant = didYouMean(id, [...this.#subscriptions.keys()]);
    const hint = meant === undefined ? '' : `; did you mean ${quoted(meant)}?`;
    throw new ArgumentError(`no subscription has the id ${quoted(id)}${hint}`);
  }

  #end(id: string): boolean {
    this.#subscriptions.get(id)?.end();
    return this.#subscriptions.delete(id);
  }

  #refuse(request: ClaspRequest | undefined, thrown: unknown): void {
    this.#emit(refusal(request, thrown));
  }
}

/** @returns whether it was sent @throws ClaspError for an invalid address or value */
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
