/**
 * When a value was written, in one number per param: monotonic microseconds for a write of this router, which a correction of
 * the wall clock moves; the protocol's time, negated, for a write of an earlier one, which stays what it was.
 */
export type WriteTime = number;

/** @param protocolMicros microseconds since the Unix epoch, as an earlier router gave them */
export function restoredWriteTime(protocolMicros: number): WriteTime {
  return -protocolMicros;
}

/** The protocol's time of a write: microseconds since the Unix epoch. */
export function protocolTimeOf(writeTime: WriteTime, protocolAheadMicros: number): number {
  return writeTime < 0 ? -writeTime : writeTime + protocolAheadMicros;
}
