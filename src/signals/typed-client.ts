import type {
  BundleOptions,
  Client,
  OnOptions,
  PublishOptions,
  SetOptions,
  SetResult,
  Signal,
  SignalsOptions,
  StreamOptions,
  Unsubscribe,
  WriteOptions,
} from '../client/index.js';
import { check, checkFlag, checkFunction, checkNames, hasMethods } from '../util/arguments.js';
import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import type { U64 } from '../protocol/u64.js';
import { CheckedClient } from './checked-client.js';
import type { Declarations } from './declaration.js';
import type { Signals } from './signals.js';
import type {
  AddressOf,
  BundleItemOf,
  Content,
  Declared,
  GestureContent,
  KnownPattern,
  SignalAt,
  StreamContentOf,
  SuggestedPattern,
  TypedParam,
  TypedTimeline,
  ValueOf,
} from './typed-signals.js';

export interface TypedOptions {
  /**
   * Whether values are checked: what is sent before it leaves, and what arrives before a listener sees it. Without it a value that
   * the router let through is taken at its word. @default true
   */
  readonly check?: boolean | undefined;
  /** Hears of signals at defined addresses that were kept from listeners because they do not fit. @default nobody */
  readonly onRefused?: ((signal: Signal, reason: string) => void) | undefined;
}

/** Signals of a pattern, one after the other, for `for await`. */
export interface TypedIterator<T> extends AsyncIterableIterator<T> {
  /** Signals that were dropped because the buffer was full. */
  readonly dropped: number;
  return(): Promise<IteratorResult<T, undefined>>;
}

/** What `set` resolves with: nothing where no answer was asked for. */
export type SetAnswer<O> = 'qos' extends keyof O
  ? O['qos'] extends 0
    ? undefined
    : 0 extends O['qos']
      ? SetResult | undefined
      : SetResult
  : SetResult;

/** The methods of a client that are about signals. */
type SignalMethods =
  'set' | 'get' | 'cached' | 'emit' | 'stream' | 'gesture' | 'timeline' | 'bundle' | 'on' | 'signals';

/**
 * A client that knows its signals. It is the client it was made from, with narrower types: everything that is not about signals is
 * passed on to it. Values are plain: maps are objects, and Ints numbers, unless the schema asks for bigints.
 */
export interface TypedClient<S extends Declared> extends Omit<Client, SignalMethods> {
  /** Writes a param. @returns rejects as the client's does; with ClaspError 402 before it is sent when the value does not fit */
  set<A extends AddressOf<S, 'param'>, O extends SetOptions = WriteOptions>(
    address: A,
    value: ValueOf<S, A>,
    options?: O,
  ): Promise<SetAnswer<O>>;

  /** Asks the router for a param. @returns rejects with ClaspError 402 when what it has does not fit */
  get<A extends AddressOf<S, 'param'>>(address: A): Promise<TypedParam<ValueOf<S, A>, A> | undefined>;

  /** The last that was heard of a param, if that fits. */
  cached<A extends AddressOf<S, 'param'>>(address: A): TypedParam<ValueOf<S, A>, A> | undefined;

  /** Sends an event. @returns whether it was sent @throws ClaspError 402 when the value does not fit */
  emit<A extends AddressOf<S, 'event'>>(address: A, ...content: Content<ValueOf<S, A>, PublishOptions>): boolean;

  /** Sends a piece of a stream: a value, or a run of samples in a typed array. Returns and throws as {@link emit} does. */
  stream<A extends AddressOf<S, 'stream'>>(
    address: A,
    value: StreamContentOf<ValueOf<S, A>>,
    options?: StreamOptions,
  ): boolean;

  /** Sends a step of a gesture; its end may go without a value. Returns and throws as {@link emit} does. */
  gesture<A extends AddressOf<S, 'gesture'>, P extends GesturePhase>(
    address: A,
    id: number,
    phase: P,
    ...content: GestureContent<P, ValueOf<S, A>, PublishOptions>
  ): boolean;

  /** Sends an automation. Returns and throws as {@link emit} does. */
  timeline<A extends AddressOf<S, 'timeline'>>(
    address: A,
    timeline: TypedTimeline<ValueOf<S, A>>,
    options?: PublishOptions,
  ): boolean;

  /** Sends several signals that take effect together. */
  bundle(items: readonly BundleItemOf<S>[], options?: BundleOptions): Promise<{ readonly revision?: U64 | undefined }>;

  /**
   * Listens to a pattern, or to a definition by its own text. Only what is defined is delivered, and only if it fits.
   *
   * @throws ClaspError 202 for a pattern at which nothing is defined
   */
  on<P extends SuggestedPattern<S>, T extends SignalType = SignalType>(
    pattern: KnownPattern<S, P>,
    listener: (signal: SignalAt<S, P, T>) => void,
    options?: OnOptions<T>,
  ): Unsubscribe;

  /** The same, for `for await`. */
  signals<P extends SuggestedPattern<S>, T extends SignalType = SignalType>(
    pattern: KnownPattern<S, P>,
    options?: SignalsOptions<T>,
  ): TypedIterator<SignalAt<S, P, T>>;
}

/**
 * Gives a client the types of the signals that were defined.
 *
 * ```ts
 * const client = typed(await connect('ws://localhost:7330'), signals);
 * await client.set('/lights/3/dim', 0.5);
 * client.on('/lights/:n/dim', ({ address, value }) => console.log(address, value.toFixed(2)));
 * ```
 *
 * @throws ArgumentError for something else than a client and the result of `defineSignals`, and for a wrong option
 */
export function typed<D extends Declarations>(
  client: Client,
  signals: Signals<D>,
  options: TypedOptions = {},
): TypedClient<Signals<D>> {
  check(hasMethods(client, ['set', 'on', 'onState']), 'the client of typed', 'be what connect() gives', client);
  check(hasMethods(signals, ['check', 'meeting']), 'the signals of typed', 'be what defineSignals() gives', signals);
  checkNames('typed', options, ['check', 'onRefused']);
  checkFlag('check', options.check);
  if (options.onRefused !== undefined) checkFunction('onRefused', options.onRefused);
  const checked = new CheckedClient(client, signals, options);
  // The types say no more than the checks: what is refused there has no type here.
  return passingOn(checked, client) as unknown as TypedClient<Signals<D>>;
}

/** Everything else a client has, methods bound to it: its private fields are its own. */
function passingOn(checked: CheckedClient, client: Client): CheckedClient {
  const prototype = Object.getPrototypeOf(client) as object; // an instance of a class has one
  for (const name of Object.getOwnPropertyNames(prototype)) {
    if (name in checked) continue;
    Object.defineProperty(checked, name, {
      get: () => {
        const member: unknown = Reflect.get(client, name);
        return typeof member === 'function' ? (member.bind(client) as unknown) : member;
      },
    });
  }
  return checked;
}
