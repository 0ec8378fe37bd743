import type { EncodedValue } from '../../protocol/values/encoded-value.js';

/** A param in a saved state, as JSON. */
export interface ParamState {
  readonly address: string;
  /** As in JSON messages: `0.5`, `{"$int": "5"}`. */
  readonly value: unknown;
  readonly revision: number;
  /** Session id of the last writer. */
  readonly writer: string;
  /** Of the last write: microseconds since the Unix epoch. */
  readonly timestampMicros: number;
  /** How long it lives; absent: for ever. */
  readonly ttlSeconds?: number;
  /** With `ttlSeconds`: counted from the write instead of from the last use. */
  readonly absolute?: true;
  /** When it expires, as things stood: the protocol's time. Time without a router counts. */
  readonly expiresAtMicros?: number;
}

/** A param to be put back, checked. */
export interface RestoredParam extends Omit<ParamState, 'value'> {
  readonly value: EncodedValue;
}
