/** Signals with types, from one definition: the router validates them, and clients know their types. */
export type { CarriedBy, Declaration, Declarations, ValueSchema } from './declaration.js';
export { defineSignals } from './define-signals.js';
export { Signals, type SignalsOptions } from './signals.js';
export { SignalsError } from './signals-error.js';
export { type SetAnswer, typed, type TypedClient, type TypedIterator, type TypedOptions } from './typed-client.js';
export type {
  AddressOf,
  BundleItemOf,
  Declared,
  SignalAt,
  TypedEventSignal,
  TypedGestureSignal,
  TypedGestureStep,
  TypedKeyframe,
  TypedParam,
  TypedParamSignal,
  TypedStreamSignal,
  TypedTimeline,
  TypedTimelineSignal,
  ValueOf,
} from './typed-signals.js';
