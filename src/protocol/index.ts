/** Bytes and messages of CLASP. Runs in browsers: no sockets, no timers, no node: modules. */
export { type Address, parseAddress } from './address.js';
export { Deframer } from './deframer.js';
export { decodeJson, encodeJson } from './encodings/json.js';
export {
  type Feature,
  type FederationOp,
  features,
  federationOps,
  type GesturePhase,
  gesturePhases,
  Qos,
  type SignalType,
  signalTypes,
} from './enumerations.js';
export {
  ClaspError,
  type DecodeFault,
  DecodeError,
  EncodeError,
  ErrorCode,
  errorMeanings,
  type ErrorName,
  errorName,
} from './errors.js';
export { decodeFrame, encodeFrame, type EncodeOptions, type Encoding, type Frame } from './frame.js';
export { MAX_ADDRESS_BYTES, MAX_BUNDLE_DEPTH, MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES, MAX_VALUE_DEPTH } from './limits.js';
export { defaultQos } from './messages/index.js';
export type * from './messages/message.js';
export { matchPattern, parsePattern, type Pattern } from './pattern.js';
export {
  ease,
  timelineDurationMicros,
  timelineFromValue,
  timelinePlayer,
  timelineValueAt,
  valueFromTimeline,
} from './timeline.js';
export type { U64 } from './u64.js';
export { EncodedValue, encodeValue } from './values/encoded-value.js';
export { type Value, ValueType } from './values/value.js';
