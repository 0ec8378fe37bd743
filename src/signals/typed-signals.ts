import type { GesturePhase, SignalType } from '../protocol/enumerations.js';
import type { Timeline } from '../protocol/messages/message.js';
import type { EncodedValue } from '../protocol/values/encoded-value.js';
import type {
  BundleItem,
  EventSignal,
  GestureSignal,
  KeyframeInput,
  Param,
  ParamSignal,
  StreamSignal,
  TimelineInput,
  TimelineSignal,
} from '../client/index.js';
import type { KeyAt, PatternFor, Template } from './address-types.js';
import type { CarriedBy, Declarations } from './declaration.js';

/** The input of all these types: `typeof signals` for the result of `defineSignals`. */
export interface Declared {
  readonly declarations: Declarations;
}

type Keys<S extends Declared> = keyof S['declarations'] & `/${string}`;
type DeclarationAt<S extends Declared, K> = S['declarations'][K & keyof S['declarations']];
type KeysOfType<S extends Declared, T> = {
  [K in Keys<S>]: S['declarations'][K]['type'] extends T ? K : never;
}[Keys<S>];

/**
 * The addresses of defined signals, as a union of template types: `/master/dim` and `/lights/${string}/dim`.
 *
 * @typeParam T only signals of these types
 */
export type AddressOf<S extends Declared, T extends SignalType = SignalType> = Template<KeysOfType<S, T>>;

/** The value type at an address, at the addresses of a pattern, or of a definition by its text. */
export type ValueOf<S extends Declared, A extends string> = CarriedBy<DeclarationAt<S, KeyAt<Keys<S>, A>>>;

/** The signals that a subscription to a pattern delivers. */
export type SignalAt<S extends Declared, P extends string, T extends SignalType = SignalType> = Delivered<
  S,
  KeyAt<Keys<S>, P>,
  T
>;

type Delivered<S extends Declared, K extends string, T extends SignalType> = K extends string
  ? DeclarationAt<S, K> extends { readonly type: infer Type extends T }
    ? SignalsByType<CarriedBy<DeclarationAt<S, K>>, Template<K>>[Type]
    : never
  : never;

interface SignalsByType<V, A extends string> {
  readonly param: TypedParamSignal<V, A>;
  readonly event: TypedEventSignal<V, A>;
  readonly stream: TypedStreamSignal<V, A>;
  readonly gesture: TypedGestureSignal<V, A>;
  readonly timeline: TypedTimelineSignal<A>;
}

/** A param in the state of the router. */
export interface TypedParam<V, A extends string = string> extends Omit<Param, 'address' | 'value'> {
  readonly address: A;
  readonly value: V;
}

export interface TypedParamSignal<V, A extends string = string> extends Omit<ParamSignal, 'address' | 'value'> {
  readonly address: A;
  readonly value: V;
}

export interface TypedEventSignal<V, A extends string = string> extends Omit<EventSignal, 'address' | 'value'> {
  readonly address: A;
  readonly value: V;
}

/** A part of a stream: `value`, or `samples` if it was sent or collected as a run of them. */
export interface TypedStreamSignal<V, A extends string = string> extends Omit<StreamSignal, 'address' | 'value'> {
  readonly address: A;
  readonly value?: V | undefined;
}

/**
 * One step of a gesture. Its end can have no value. The end that the router sends for a disconnected client has none.
 */
export type TypedGestureSignal<V, A extends string = string> =
  TypedGestureStep<'start' | 'move', V, A> | TypedGestureStep<'end' | 'cancel', V | undefined, A>;

export interface TypedGestureStep<P extends GesturePhase, V, A extends string = string> extends Omit<
  GestureSignal,
  'address' | 'phase' | 'value'
> {
  readonly address: A;
  readonly phase: P;
  readonly value: V;
}

export interface TypedTimelineSignal<A extends string = string> extends Omit<
  TimelineSignal,
  'address' | 'timeline' | 'value'
> {
  readonly address: A;
  readonly timeline: Timeline;
}

/** A timeline to send, with values of the definition's type. */
export interface TypedTimeline<V> extends Omit<TimelineInput, 'keyframes'> {
  readonly keyframes: readonly TypedKeyframe<V>[];
}

export interface TypedKeyframe<V> extends Omit<KeyframeInput, 'value'> {
  readonly value: V | EncodedValue;
}

/** Content of a stream: a value, or a run of samples if its values are numbers or lists of numbers. */
export type StreamContentOf<V> = V | ([V] extends [number | readonly number[]] ? Float32Array | Float64Array : never);

/** Value and options of a signal that is not stored. The value can be omitted if the definition allows it. */
export type Content<V, Options> = undefined extends V ? [value?: V, options?: Options] : [value: V, options?: Options];

/** Like {@link Content}, for one step of a gesture. */
export type GestureContent<P extends GesturePhase, V, Options> = P extends 'start' | 'move'
  ? Content<V, Options>
  : Content<V | undefined, Options>;

/** One item of a bundle. */
export type BundleItemOf<S extends Declared> = {
  [K in Keys<S>]: ItemOf<S['declarations'][K]['type'], CarriedBy<S['declarations'][K]>, Template<K>>;
}[Keys<S>];

type ItemOf<T extends SignalType, V, A extends string> = Omit<
  Extract<BundleItem, { readonly kind: T }>,
  'address' | 'value' | 'timeline'
> & { readonly address: A } & ItemContent<V>[T];

interface ItemContent<V> {
  readonly param: { readonly value: V };
  readonly event: OptionalIfUndefined<V>;
  readonly stream: { readonly value: StreamContentOf<V> };
  readonly gesture: { readonly value?: V | undefined };
  readonly timeline: { readonly timeline: TypedTimeline<V> };
}

type OptionalIfUndefined<V> = undefined extends V ? { readonly value?: V } : { readonly value: V };

/**
 * A pattern that has an address in common with a definition. For any other pattern, a string type with an explanation,
 * which the compiler displays.
 */
export type KnownPattern<S extends Declared, P extends string> = [KeyAt<Keys<S>, P>] extends [never]
  ? `no signal is defined at ${P}`
  : P;

/** Any string; editors suggest the definitions. */
export type SuggestedPattern<S extends Declared> = PatternFor<Keys<S>> | (string & Record<never, never>);
