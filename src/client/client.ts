import { parseAddress } from '../protocol/address.js';
import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import type { SignalDefinition } from '../protocol/messages/message.js';
import { parsePattern } from '../protocol/pattern.js';
import type { U64 } from '../protocol/u64.js';
import { check, checkFunction, checkNames, checkOneOf, checkText } from '../util/arguments.js';
import type { Clock } from '../util/clock.js';
import { Conversation } from './conversation.js';
import {
  type BundleOptions,
  bundleOptions,
  publishOptions,
  type SetOptions,
  setOptions,
  type SetResult,
  type SignalsOptions,
  signalsOptions,
  streamOptions,
  type Unsubscribe,
} from './call-options.js';
import type { ClientState, StateChange } from './lifecycle.js';
import type { Link } from './link.js';
import { type ClientOptions, resolveOptions } from './options.js';
import { bundleOf, definitionOf, messageOf } from './outgoing.js';
import type {
  BundleItem,
  DefinitionInput,
  PublishOptions,
  StreamContent,
  StreamOptions,
  TimelineInput,
} from './bundle-item.js';
import type { PlainValue } from './plain-value.js';
import { announceRules, bundleRules, getRules, pingRules, queryRules, setRules } from './request-rules.js';
import { iterateSignals } from './signal-iteration.js';
import type { SyncResult } from './server-clock.js';
import type { Param } from './signal.js';
import { type SignalIterator } from './signal-queue.js';
import { type Listener, type OnOptions, onOptions } from './subscription.js';

/**
 * A session at a CLASP router that survives the loss of its connection. Requests (`set`, `get`, `bundle`, ...) return
 * promises. They reject with the router's error (`ClaspError`) or with the state of the connection (`ClientError`). A
 * request is never sent twice. Signals that are not stored (`emit`, `stream`, `gesture`, `timeline`) have no answer.
 */
export class Client {
  readonly #conversation: Conversation;
  readonly #clock: Clock;

  /** @internal Use `connect`. */
  constructor(link: Link, options: ClientOptions) {
    const resolved = resolveOptions(options);
    this.#clock = resolved.clock;
    this.#conversation = new Conversation(link, resolved);
  }

  /** @internal Resolves when the client is open. @throws the reason why it could not be opened */
  async opened(): Promise<this> {
    await this.#conversation.lifecycle.firstOpen();
    return this;
  }

  // --- the session --------------------------------------------------------------------------------------------------

  get state(): ClientState {
    return this.#conversation.lifecycle.state;
  }

  /** The router's id of this session. Each reconnection gives another one. Undefined in between. */
  get session(): string | undefined {
    return this.#conversation.welcome?.session;
  }

  /** The name of the router. */
  get routerName(): string | undefined {
    return this.#conversation.welcome?.name;
  }

  /**
   * Bytes that are written but not yet taken by the network. A program that streams much data can wait until this value
   * falls.
   */
  get bufferedBytes(): number {
    return this.#conversation.bufferedBytes;
  }

  /** Calls the listener for every change of {@link state}. @returns a function that removes the listener */
  onState(listener: (change: StateChange) => void): () => void {
    checkFunction('the listener of onState', listener);
    return this.#conversation.states.add(listener);
  }

  /**
   * Calls the listener for errors that belong to no request: ERRORs of the router, rejected subscriptions, unreadable
   * frames (one per second), listeners that throw. Without such a listener, an exception of another listener is thrown
   * uncaught.
   *
   * @returns a function that removes the listener
   */
  onError(listener: (error: Error) => void): () => void {
    checkFunction('the listener of onError', listener);
    return this.#conversation.errors.add(listener);
  }

  /**
   * Closes the session. Requests without an answer reject, and loops over signals end. Resolves when the connection is
   * closed and no timer is left, after at most two seconds. Can be called again.
   */
  close(): Promise<void> {
    return this.#conversation.lifecycle.close();
  }

  // --- params -------------------------------------------------------------------------------------------------------

  /**
   * Writes a param. Resolves when the router has stored it.
   *
   * @returns rejects with ClaspError 200, 301, 400 (revision, or a conflict strategy), 401 (lock), 402 (value), or
   * ClientError
   */
  set(address: string, value: PlainValue, options: SetOptions & { readonly qos: 0 }): Promise<undefined>;
  set(
    address: string,
    value: PlainValue,
    options?: SetOptions & { readonly qos?: 1 | 2 | undefined },
  ): Promise<SetResult>;
  set(address: string, value: PlainValue, options?: SetOptions): Promise<SetResult | undefined>;
  async set(address: string, value: PlainValue, options: SetOptions = {}): Promise<SetResult | undefined> {
    checkNames('set', options, setOptions);
    const { qos = 1, ...write } = options;
    checkOneOf('qos', qos, [0, 1, 2]);
    const message = messageOf({ kind: 'param', address, value, ...write });
    if (qos === 0) {
      this.#conversation.post(message, qos);
      return undefined;
    }
    const { revision = 0, locked, holder } = await this.#conversation.request(message, setRules(address), qos);
    return { revision, locked, holder };
  }

  /** Gets a param from the router. Resolves with undefined if the address has no param. */
  async get(address: string): Promise<Param | undefined> {
    const message = { type: 'get', address: parseAddress(address) } as const;
    const entry = await this.#conversation.request(message, getRules(address));
    return entry && { ...entry, value: entry.value.decode() };
  }

  /**
   * Returns the last received state of a param without a request: from a snapshot, a subscription or an answer. It is
   * up to date only while a subscription covers it.
   */
  cached(address: string): Param | undefined {
    checkText('the address of cached', address);
    return this.#conversation.cache.get(address);
  }

  // --- signals that are not stored ----------------------------------------------------------------------------------

  /**
   * Sends an event.
   *
   * @returns whether it was sent. False while there is no connection or the network is congested, because such a signal
   * is useless later
   * @throws ClaspError for an invalid address or value
   */
  emit(address: string, value?: PlainValue, options: PublishOptions = {}): boolean {
    checkNames('emit', options, publishOptions);
    return this.#pass({ kind: 'event', address, value, ...options });
  }

  /**
   * Sends a part of a stream: one value, or samples in a Float32Array or Float64Array. Returns and throws as {@link
   * emit} does.
   */
  stream(address: string, value: StreamContent, options: StreamOptions = {}): boolean {
    checkNames('stream', options, streamOptions);
    return this.#pass({ kind: 'stream', address, value, ...options });
  }

  /**
   * Sends one step of a gesture. Returns and throws as {@link emit} does.
   *
   * @param id distinguishes simultaneous gestures at one address, such as fingers
   */
  gesture(address: string, id: number, phase: GesturePhase, value?: PlainValue, options: PublishOptions = {}): boolean {
    checkNames('gesture', options, publishOptions);
    return this.#pass({ kind: 'gesture', address, id, phase, value, ...options });
  }

  /**
   * Sends a timeline in the value field (see `valueFromTimeline`). Every encoding has that field, so all subscribers
   * can read it. Returns and throws as {@link emit} does.
   */
  timeline(address: string, timeline: TimelineInput, options: PublishOptions = {}): boolean {
    checkNames('timeline', options, publishOptions);
    return this.#pass({ kind: 'timeline', address, timeline, ...options });
  }

  /**
   * Sends several signals that take effect together: all of them, or none. Resolves when the router has accepted them.
   * For a future time that is before they take effect.
   *
   * @returns the last revision written, if it is known yet
   */
  async bundle(
    items: readonly BundleItem[],
    options: BundleOptions = {},
  ): Promise<{ readonly revision?: U64 | undefined }> {
    checkNames('bundle', options, bundleOptions);
    const message = bundleOf(items, options);
    const addresses = new Set(items.map(({ address }) => address));
    const ack = await this.#conversation.request(message, bundleRules(addresses), 2);
    return { revision: ack.revision };
  }

  // --- subscriptions ------------------------------------------------------------------------------------------------

  /**
   * Subscribes to a pattern: `*` is one segment, `**` any number of segments, `x*` any characters within one. Existing
   * params are delivered immediately. The subscription survives reconnections, after which the params that changed
   * meanwhile are delivered.
   *
   * The router limits the rate per session, not per subscription. If subscriptions overlap, the least restrictive
   * options apply.
   *
   * @throws ClaspError 202 for an invalid pattern, ArgumentError for an option that is unknown or out of range
   */
  on<T extends SignalType = SignalType>(
    pattern: string,
    listener: Listener<T>,
    options: OnOptions<T> = {},
  ): Unsubscribe {
    checkNames('on', options, onOptions);
    checkFunction('the listener of on', listener);
    // Invariant: `types` admits only signals of type T.
    return this.#conversation.on(pattern, listener as unknown as Listener, options);
  }

  /**
   * Like {@link on}, for `for await`. Subscribed until the loop ends or `return()` is called. When the client closes,
   * the loop ends. If the program did not close it, the loop throws.
   */
  signals<T extends SignalType = SignalType>(pattern: string, options: SignalsOptions<T> = {}): SignalIterator<T> {
    checkNames('signals', options, signalsOptions);
    const { bufferSize, bufferBytes, ...others } = options;
    return iterateSignals<T>(
      { bufferSize, bufferBytes },
      (listener) => this.on(pattern, listener, others),
      this.#conversation.states,
    );
  }

  // --- definitions --------------------------------------------------------------------------------------------------

  /**
   * Announces signals to the router, which reports them to clients that query. Resolves when the router has accepted
   * them.
   */
  async announce(namespace: string, signals: readonly DefinitionInput[]): Promise<void> {
    checkText('the namespace of announce', namespace);
    check(Array.isArray(signals), 'the signals of announce', 'be a list', signals);
    const definitions = signals.map(definitionOf);
    await this.#conversation.request({ type: 'announce', namespace, signals: definitions }, announceRules(namespace));
  }

  /** Returns the announced definitions at the addresses that match. */
  async query(pattern: string): Promise<readonly SignalDefinition[]> {
    const message = { type: 'query', pattern: parsePattern(pattern) } as const;
    return this.#conversation.requestUntilSync(message, queryRules(pattern));
  }

  // --- time ---------------------------------------------------------------------------------------------------------

  /**
   * Returns Unix microseconds of the router's clock, as estimated. Each {@link sync} and each keep-alive improves the
   * estimate.
   */
  serverTime(): number {
    return this.#conversation.serverClock.nowMicros();
  }

  /** Compares the clocks again. */
  sync(): Promise<SyncResult> {
    return this.#conversation.sync();
  }

  /** Returns the milliseconds that the router takes to answer. */
  async ping(): Promise<number> {
    const sentMs = this.#clock.now();
    await this.#conversation.request({ type: 'ping' }, pingRules);
    return this.#clock.now() - sentMs;
  }

  #pass(item: BundleItem): boolean {
    return this.#conversation.tryPost(messageOf(item));
  }
}
