import { parsePattern } from '../../protocol/pattern.js';
import type { Value } from '../../protocol/values/value.js';
import type { ClockOffsets } from '../clock-offsets.js';
import type { ParamStore } from '../params/param-store.js';
import { protocolTimeOf } from '../params/write-time.js';

/** Read-only view of a param, for the inspector and tests. */
export interface ParamView {
  readonly address: string;
  /** Decoded for this view; undefined if larger than `maxValueBytes`. */
  readonly value: Value | undefined;
  readonly byteLength: number;
  readonly revision: number;
  /** Session ID of the last writer; empty if the param was restored and not written since. */
  readonly writer: string;
  /** Time of the last write: microseconds since the Unix epoch, by the protocol's time. */
  readonly timestampMicros: number;
  /** ID of the session that holds the lock. */
  readonly holder: string | undefined;
  /** When the param expires, by the current protocol time; Infinity = never. */
  readonly expiresAtMicros: number;
  /** Number of sessions that receive it. */
  readonly subscribers: number;
}

/** Selection of params and its limits. The query completes within one turn of the event loop. */
export interface ParamQuery {
  readonly pattern: string;
  /** Maximum params in the result. */
  readonly limit: number;
  /** Maximum params to check. */
  readonly maxLooked: number;
  /** Maximum bytes of a value to decode. */
  readonly maxValueBytes: number;
}

export interface ParamQueryResult {
  readonly params: readonly ParamView[];
  /** Whether further matches may exist. */
  readonly isCut: boolean;
  /** Total number of params. */
  readonly total: number;
  /** Protocol time. */
  readonly nowMicros: number;
}

/** The components that a query reads. */
export interface ParamQueryParts {
  /** Returns the store for the params of a pattern. */
  storeOf(pattern: string): ParamStore;
  /** Returns the number of sessions that receive an address. */
  readonly routing: { subscriberCount(address: string): number };
  readonly clock: { readonly nowMicros: number; readonly offsets: ClockOffsets };
}

/** Returns the params that match. Changes nothing. @throws ClaspError 202 for an invalid pattern */
export function viewParams(
  parts: ParamQueryParts,
  { pattern: text, limit, maxLooked, maxValueBytes }: ParamQuery,
): ParamQueryResult {
  const { routing, clock } = parts;
  const { nowMicros, offsets } = clock;
  const { protocolAheadMicros } = offsets;
  const pattern = parsePattern(text);
  const store = parts.storeOf(pattern);
  const params: ParamView[] = [];
  let looked = 0;
  let isCut = false;
  for (const param of store.matching(pattern)) {
    if (params.length >= limit || looked >= maxLooked) {
      isCut = true;
      break;
    }
    looked++;
    if (param?.isVisible(nowMicros) !== true) continue;
    const { address, value, revision, writer, writtenAt, holder, expiresAtMicros } = param;
    params.push({
      address,
      value: value.byteLength <= maxValueBytes ? value.decode() : undefined,
      byteLength: value.byteLength,
      revision,
      writer,
      timestampMicros: protocolTimeOf(writtenAt, protocolAheadMicros),
      holder: holder?.hasLeft === false && !store.locks.isOver(param, nowMicros) ? holder.id : undefined,
      expiresAtMicros: expiresAtMicros + protocolAheadMicros,
      subscribers: routing.subscriberCount(address),
    });
  }
  return { params, isCut, total: store.size, nowMicros: nowMicros + protocolAheadMicros };
}
