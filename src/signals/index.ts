/** Signals that are defined once, with their types: for the router, which checks them, and for clients, which know them. */
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
