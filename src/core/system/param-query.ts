import type { Pattern } from '../../protocol/pattern.js';
import type { Value } from '../../protocol/values/value.js';
import type { ClockOffsets } from '../clock-offsets.js';
import type { ParamStore } from '../params/param-store.js';
import { protocolTimeOf } from '../params/write-time.js';

/** A param as somebody sees it who looks at the router from the side: the inspector, a test. */
export interface ParamView {
  readonly address: string;
  /** Built for this view; undefined where it has more bytes than were asked for. */
  readonly value: Value | undefined;
  readonly byteLength: number;
  readonly revision: number;
  /** Session id of the last writer; empty where the router was restored and nobody has written since. */
  readonly writer: string;
  /** When it was last written: microseconds since the Unix epoch, by the protocol's time. */
  readonly timestampMicros: number;
  /** Session id of the one who has locked it. */
  readonly holder: string | undefined;
  /** When it expires, by the protocol's time as it is now; Infinity = never. */
  readonly expiresAtMicros: number;
  /** Sessions that hear of it. */
  readonly subscribers: number;
}

/** What is wanted of the params, and how much may be looked at for it: the answer is given within one turn of the event loop. */
export interface ParamQuery {
  readonly pattern: string;
  /** Params in the answer, at most. */
  readonly limit: number;
  /** Params looked at for it, at most. */
  readonly maxLooked: number;
  /** Bytes of the largest value that is built. */
  readonly maxValueBytes: number;
}

export interface ParamQueryResult {
  readonly params: readonly ParamView[];
  /** Whether there may be more than these. */
  readonly isCut: boolean;
  /** Params there are in all. */
  readonly total: number;
  /** The protocol's time. */
  readonly nowMicros: number;
}

/**
 * @param subscriberCount sessions that hear of an address
 * @param nowMicros monotonic
 */
export function viewParams(
  store: ParamStore,
  pattern: Pattern,
  { limit, maxLooked, maxValueBytes }: ParamQuery,
  subscriberCount: (address: string) => number,
  nowMicros: number,
  { protocolAheadMicros }: ClockOffsets,
): ParamQueryResult {
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
      holder: holder?.hasLeft === false && !store.isLockOver(param, nowMicros) ? holder.id : undefined,
      expiresAtMicros: expiresAtMicros + protocolAheadMicros,
      subscribers: subscriberCount(address),
    });
  }
  return { params, isCut, total: store.size, nowMicros: nowMicros + protocolAheadMicros };
}
