import type { EncodedValue } from '../../protocol/values/encoded-value.js';

/** A param in a saved state, as JSON. */
export interface ParamState {
  readonly address: string;
  /** As in JSON messages: `0.5`, `{"$int": "5"}`. */
  readonly value: unknown;
  readonly revision: number;
  /** Session ID of the last writer. */
  readonly writer: string;
  /** Time of the last write: microseconds since the Unix epoch. */
  readonly timestampMicros: number;
  /** Time to live; absent = unlimited. */
  readonly ttlSeconds?: number;
  /** With `ttlSeconds`: counted from the last write instead of the last use. */
  readonly absolute?: true;
  /** When the param expires, in protocol time. Time without a running router counts. */
  readonly expiresAtMicros?: number;
}

/** A validated param to restore. */
export interface RestoredParam extends Omit<ParamState, 'value'> {
  readonly value: EncodedValue;
}
