import { parseAddress } from '../protocol/address.js';
import type { GesturePhase, Qos, SignalType } from '../protocol/enumerations.js';
import type { SignalDefinition } from '../protocol/messages/message.js';
import { parsePattern } from '../protocol/pattern.js';
import type { U64 } from '../protocol/u64.js';
import { check, checkFunction, checkNames, checkOneOf, checkText } from '../util/arguments.js';
import type { Clock } from '../util/clock.js';
import { ClientError } from './client-error.js';
import { Conversation } from './conversation.js';
import type { ClientState, StateChange } from './lifecycle.js';
import type { Link } from './link.js';
import { type ClientOptions, resolveOptions } from './options.js';
import { definitionOf, messageOf } from './outgoing.js';
import type {
  BundleItem,
  DefinitionInput,
  PublishOptions,
  StreamContent,
  StreamOptions,
  TimelineInput,
  WriteOptions,
} from './bundle-item.js';
import type { PlainValue } from './plain-value.js';
import { announceRules, bundleRules, getRules, pingRules, queryRules, setRules } from './request-rules.js';
import type { SyncResult } from './server-clock.js';
import type { Param } from './signal.js';
import { checkQueueLimits, endOfSignals, type SignalIterator, SignalQueue } from './signal-queue.js';
import { type Listener, type OnOptions, onOptions, Subscription } from './subscription.js';

export interface SetOptions extends WriteOptions {
  /** 0 asks for no answer: the promise resolves, with undefined, once the write is on its way. @default 1 */
  readonly qos?: Qos | undefined;
}

/** What the router has made of a write. */
export interface SetResult {
  readonly revision: U64;
  /** Whether the param is locked now; said only where the write locked or unlocked. */
  readonly locked?: boolean | undefined;
  /** Session id of the one who holds the lock, if that is this client. */
  readonly holder?: string | undefined;
}

export interface BundleOptions {
  /** When it takes effect: microseconds of the router's clock, as {@link Client.serverTime} gives them. @default at once */
  readonly at?: number | undefined;
}

export interface SignalsOptions<T extends SignalType = SignalType> extends OnOptions<T> {
  /** Signals that wait while the loop is busy; see {@link SignalIterator} for what becomes of more. @default 1_000 */
  readonly bufferSize?: number | undefined;
  /** Estimated memory of the signals that wait while the loop is busy, in bytes. @default 16_777_216 (16 MiB) */
  readonly bufferBytes?: number | undefined;
}

const setOptions = [
  'revision',
  'lock',
  'unlock',
  'ttlSeconds',
  'absolute',
  'qos',
] as const satisfies readonly (keyof SetOptions)[];
const publishOptions = ['timestamp'] as const satisfies readonly (keyof PublishOptions)[];
const streamOptions = ['timestamp', 'rate'] as const satisfies readonly (keyof StreamOptions)[];
const bundleOptions = ['at'] as const satisfies readonly (keyof BundleOptions)[];
const signalsOptions = [...onOptions, 'bufferSize', 'bufferBytes'] as const satisfies readonly (keyof SignalsOptions)[];

/** Ends a subscription. */
export interface Unsubscribe {
  (): void;
  /**
   * Resolves when the router has taken the subscription and its listener has heard what there was already (of very many
   * params the rest is still under way then). Rejects when the router refuses it; that is also told to `onError`, so this
   * need not be looked at.
   */
  readonly ready: Promise<void>;
}

/**
 * A session at a CLASP router that outlives its connections. Requests (`set`, `get`, `bundle`, ...) give promises that
 * reject with what the router says (`ClaspError`) or with what happened to the connection (`ClientError`); none is ever
 * sent twice. What merely passes through (`emit`, `stream`, `gesture`, `timeline`) is sent and forgotten.
 */
export class Client {
  readonly #conversation: Conversation;
  readonly #clock: Clock;
  readonly #maxCachedParams: number;
  #lastSubscriptionId = 0;

  /** @internal Use `connect`. */
  constructor(link: Link, options: ClientOptions) {
    const resolved = resolveOptions(options);
    this.#clock = resolved.clock;
    this.#maxCachedParams = resolved.maxCachedParams;
    this.#conversation = new Conversation(link, resolved);
  }

  /** @internal Resolves when it can be used. @throws what kept it from that */
  async opened(): Promise<this> {
    await this.#conversation.lifecycle.firstOpen();
    return this;
  }

  // --- the session --------------------------------------------------------------------------------------------------

  get state(): ClientState {
    return this.#conversation.lifecycle.state;
  }

  /** The id the router has given this session; another one after each reconnection, undefined in between. */
  get session(): string | undefined {
    return this.#conversation.welcome?.session;
  }

  /** What the router calls itself. */
  get routerName(): string | undefined {
    return this.#conversation.welcome?.name;
  }

  /** Bytes written and not yet taken by the network; whoever streams much may wait for it to fall. */
  get bufferedBytes(): number {
    return this.#conversation.bufferedBytes;
  }

  /** Tells of every change of {@link state}. @returns takes the listener back */
  onState(listener: (change: StateChange) => void): () => void {
    checkFunction('the listener of onState', listener);
    return this.#conversation.states.add(listener);
  }

  /**
   * Tells of what belongs to no request: ERRORs of the router, subscriptions it refuses, frames that cannot be read (one a
   * second), listeners that throw. Where nobody listens here, what a listener throws is thrown where nobody can catch it.
   *
   * @returns takes the listener back
   */
  onError(listener: (error: Error) => void): () => void {
    checkFunction('the listener of onError', listener);
    return this.#conversation.errors.add(listener);
  }

  /**
   * Says goodbye and ends everything: what waits for an answer rejects, loops over signals end. Resolves when the connection
   * is gone and no timer is left, after two seconds at the latest. May be called again.
   */
  close(): Promise<void> {
    return this.#conversation.lifecycle.close();
  }

  // --- params -------------------------------------------------------------------------------------------------------

  /**
   * Writes a param. Resolves when the router has stored it.
   *
   * @returns rejects with ClaspError 200, 301, 400 (revision, or a conflict strategy), 401 (lock), 402 (value), or ClientError
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

  /** Asks the router for a param. Resolves with undefined where it has none at this address. */
  async get(address: string): Promise<Param | undefined> {
    const message = { type: 'get', address: parseAddress(address) } as const;
    const entry = await this.#conversation.request(message, getRules(address));
    return entry && { ...entry, value: entry.value.decode() };
  }

  /**
   * The last that was heard of a param, without asking: in the snapshot at the beginning, through any subscription, or as an
   * answer. It is only up to date where a subscription keeps it so.
   */
  cached(address: string): Param | undefined {
    checkText('the address of cached', address);
    return this.#conversation.cache.get(address);
  }

  // --- what passes through ------------------------------------------------------------------------------------------

  /**
   * Sends an event.
   *
   * @returns whether it was sent: false while there is no connection or the network is behind, because what passes through is
   * worth nothing later
   * @throws ClaspError for an address or a value that is none
   */
  emit(address: string, value?: PlainValue, options: PublishOptions = {}): boolean {
    checkNames('emit', options, publishOptions);
    return this.#pass({ kind: 'event', address, value, ...options });
  }

  /** Sends a piece of a stream: one value, or samples in a Float32Array or Float64Array. Returns and throws as {@link emit} does. */
  stream(address: string, value: StreamContent, options: StreamOptions = {}): boolean {
    checkNames('stream', options, streamOptions);
    return this.#pass({ kind: 'stream', address, value, ...options });
  }

  /**
   * Sends a step of a gesture. Returns and throws as {@link emit} does.
   *
   * @param id tells gestures that go on at one address at the same time apart, as fingers do
   */
  gesture(address: string, id: number, phase: GesturePhase, value?: PlainValue, options: PublishOptions = {}): boolean {
    checkNames('gesture', options, publishOptions);
    return this.#pass({ kind: 'gesture', address, id, phase, value, ...options });
  }

  /**
   * Sends an automation, in the value (see `valueFromTimeline`): the one place for it that every encoding has, so it arrives
   * whatever its subscribers speak. Returns and throws as {@link emit} does.
   */
  timeline(address: string, timeline: TimelineInput, options: PublishOptions = {}): boolean {
    checkNames('timeline', options, publishOptions);
    return this.#pass({ kind: 'timeline', address, timeline, ...options });
  }

  /**
   * Sends several signals that take effect together: all of them, or none. Resolves when the router has taken them, which
   * for a time to come is before they take effect.
   *
   * @returns the last revision written, where it is known yet
   */
  async bundle(
    items: readonly BundleItem[],
    options: BundleOptions = {},
  ): Promise<{ readonly revision?: U64 | undefined }> {
    checkNames('bundle', options, bundleOptions);
    check(Array.isArray(items), 'the items of bundle', 'be a list', items);
    const isTime = options.at === undefined || (typeof options.at === 'number' && options.at >= 0);
    check(isTime, 'at', 'be a number of microseconds', options.at);
    const messages = items.map(messageOf);
    const timestamp = options.at === undefined ? undefined : Math.round(options.at);
    const addresses = new Set(items.map(({ address }) => address));
    const ack = await this.#conversation.request({ type: 'bundle', messages, timestamp }, bundleRules(addresses), 2);
    return { revision: ack.revision };
  }

  // --- subscriptions ------------------------------------------------------------------------------------------------

  /**
   * Listens to a pattern: `*` is one segment, `**` any number, `x*` any text within one. Params there are already come at
   * once. It goes on through reconnections; then params come again whose value has changed meanwhile.
   *
   * The router thins a session's signals out, not a subscription's: where several overlap, the one that wants most decides
   * what all of them get.
   *
   * @throws ClaspError 202 for a pattern that is none, ArgumentError for an option that is unknown or out of range
   */
  on<T extends SignalType = SignalType>(
    pattern: string,
    listener: Listener<T>,
    options: OnOptions<T> = {},
  ): Unsubscribe {
    checkNames('on', options, onOptions);
    checkFunction('the listener of on', listener);
    const id = ++this.#lastSubscriptionId;
    // Only what `types` lets through gets to it, and those are the T.
    const narrowed = listener as unknown as Listener;
    const subscription = new Subscription(id, pattern, narrowed, options, this.#maxCachedParams);
    const ready = this.#conversation.subscribe(subscription);
    const end = (): void => {
      this.#conversation.unsubscribe(subscription);
    };
    return Object.assign(end, { ready });
  }

  /**
   * The same, for `for await`. It is subscribed from this moment on, until the loop is left or `return()` is called; when the
   * client closes, the loop ends, or throws if it was not the program that closed it.
   */
  signals<T extends SignalType = SignalType>(pattern: string, options: SignalsOptions<T> = {}): SignalIterator<T> {
    checkNames('signals', options, signalsOptions);
    const { bufferSize = 1_000, bufferBytes = 16_777_216, ...others } = options;
    const limits = { signals: bufferSize, bytes: bufferBytes };
    checkQueueLimits(limits);
    const ends: (() => void)[] = [];
    const queue = new SignalQueue(limits, () => {
      for (const end of ends) end();
    });
    const end = this.on(pattern, (signal) => queue.push(signal), others);
    end.ready.catch((error: unknown) => queue.finish(error instanceof ClientError ? undefined : (error as Error)));
    const forget = this.onState(({ state, reason }) => {
      if (state === 'closed') queue.finish(endOfSignals(reason));
    });
    ends.push(end, forget);
    return queue as unknown as SignalIterator<T>; // as in on(): it is only given what `types` lets through
  }

  // --- about signals ------------------------------------------------------------------------------------------------

  /** Tells the router, and through it whoever asks, which signals there are. Resolves when it has taken note. */
  async announce(namespace: string, signals: readonly DefinitionInput[]): Promise<void> {
    checkText('the namespace of announce', namespace);
    check(Array.isArray(signals), 'the signals of announce', 'be a list', signals);
    const definitions = signals.map(definitionOf);
    await this.#conversation.request({ type: 'announce', namespace, signals: definitions }, announceRules(namespace));
  }

  /** What was announced at the addresses that match. */
  async query(pattern: string): Promise<readonly SignalDefinition[]> {
    const message = { type: 'query', pattern: parsePattern(pattern) } as const;
    return this.#conversation.requestUntilSync(message, queryRules(pattern));
  }

  // --- time ---------------------------------------------------------------------------------------------------------

  /** Unix microseconds by the router's clock, as far as known; better after each {@link sync}, which each keep-alive is as well. */
  serverTime(): number {
    return this.#conversation.serverClock.nowMicros();
  }

  /** Compares the clocks once more. */
  sync(): Promise<SyncResult> {
    return this.#conversation.sync();
  }

  /** How long the router takes to answer, in milliseconds. */
  async ping(): Promise<number> {
    const sentMs = this.#clock.now();
    await this.#conversation.request({ type: 'ping' }, pingRules);
    return this.#clock.now() - sentMs;
  }

  #pass(item: BundleItem): boolean {
    const message = messageOf(item);
    try {
      this.#conversation.post(message);
      return true;
    } catch (error) {
      if (error instanceof ClientError) return false;
      throw error;
    }
  }
}
