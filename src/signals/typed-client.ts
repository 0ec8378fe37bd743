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
   * Whether values are validated: before they are sent, and before a listener receives them. Without it, values that
   * the router accepted are not checked. @default true
   */
  readonly check?: boolean | undefined;
  /**
   * Called for signals at defined addresses that were withheld from listeners because they do not fit. @default none
   */
  readonly onRefused?: ((signal: Signal, reason: string) => void) | undefined;
}

/** Signals of a pattern in order, for `for await`. */
export interface TypedIterator<T> extends AsyncIterableIterator<T> {
  /** Signals that were dropped because the buffer was full. */
  readonly dropped: number;
  return(): Promise<IteratorResult<T, undefined>>;
}

/** Result of `set`: undefined if no answer was requested. */
export type SetAnswer<O> = 'qos' extends keyof O
  ? O['qos'] extends 0
    ? undefined
    : 0 extends O['qos']
      ? SetResult | undefined
      : SetResult
  : SetResult;

/** The methods of a client that concern signals. */
type SignalMethods =
  'set' | 'get' | 'cached' | 'emit' | 'stream' | 'gesture' | 'timeline' | 'bundle' | 'on' | 'signals';

/**
 * A client with typed signals. It is the original client with narrower types: all methods that do not concern signals
 * are forwarded to it. Values are plain: maps are objects, and Ints are numbers, unless the schema requires bigints.
 */
export interface TypedClient<S extends Declared> extends Omit<Client, SignalMethods> {
  /**
   * Writes a param. @returns rejects as the client's method does; with ClaspError 402 before sending if the value does
   * not fit
   */
  set<A extends AddressOf<S, 'param'>, O extends SetOptions = WriteOptions>(
    address: A,
    value: ValueOf<S, A>,
    options?: O,
  ): Promise<SetAnswer<O>>;

  /** Gets a param from the router. @returns rejects with ClaspError 402 if the router's value does not fit */
  get<A extends AddressOf<S, 'param'>>(address: A): Promise<TypedParam<ValueOf<S, A>, A> | undefined>;

  /** Returns the last received state of a param, if it fits. */
  cached<A extends AddressOf<S, 'param'>>(address: A): TypedParam<ValueOf<S, A>, A> | undefined;

  /** Sends an event. @returns whether it was sent @throws ClaspError 402 if the value does not fit */
  emit<A extends AddressOf<S, 'event'>>(address: A, ...content: Content<ValueOf<S, A>, PublishOptions>): boolean;

  /**
   * Sends a part of a stream: a value, or a run of samples in a typed array. Returns and throws as {@link emit} does.
   */
  stream<A extends AddressOf<S, 'stream'>>(
    address: A,
    value: StreamContentOf<ValueOf<S, A>>,
    options?: StreamOptions,
  ): boolean;

  /** Sends one step of a gesture; its end can have no value. Returns and throws as {@link emit} does. */
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
   * Subscribes to a pattern, or to a definition by its text. Only defined signals that fit are delivered.
   *
   * @throws ClaspError 202 for a pattern without defined signals
   */
  on<P extends SuggestedPattern<S>, T extends SignalType = SignalType>(
    pattern: KnownPattern<S, P>,
    listener: (signal: SignalAt<S, P, T>) => void,
    options?: OnOptions<T>,
  ): Unsubscribe;

  /** Like {@link on}, for `for await`. */
  signals<P extends SuggestedPattern<S>, T extends SignalType = SignalType>(
    pattern: KnownPattern<S, P>,
    options?: SignalsOptions<T>,
  ): TypedIterator<SignalAt<S, P, T>>;
}

/**
 * Returns a client with the types of the defined signals.
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
  check(hasMethods(client, ['set', 'on', 'onState']), 'the client of typed', 'be the result of connect()', client);
  check(hasMethods(signals, ['check', 'meeting']), 'the signals of typed', 'be the result of defineSignals()', signals);
  checkNames('typed', options, ['check', 'onRefused']);
  checkFlag('check', options.check);
  if (options.onRefused !== undefined) checkFunction('onRefused', options.onRefused);
  const checked = new CheckedClient(client, signals, options);
  // Invariant: the types match the checks. Rejected values have no type here.
  return passingOn(checked, client) as unknown as TypedClient<Signals<D>>;
}

/** Forwards all other members of a client, with methods bound to it, because it has private fields. */
function passingOn(checked: CheckedClient, client: Client): CheckedClient {
  const prototype = Object.getPrototypeOf(client) as object; // invariant: an instance of a class has one
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
