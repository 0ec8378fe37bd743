/**
 * Time of a write, as one number per param. For a write of this router: monotonic microseconds, whose protocol time
 * follows corrections of the wall clock. For a write of an earlier router: the protocol time, negated, which does not
 * change.
 */
export type WriteTime = number;

/** @param protocolMicros microseconds since the Unix epoch, from an earlier router */
export function restoredWriteTime(protocolMicros: number): WriteTime {
  return -protocolMicros;
}

/** Returns the protocol time of a write: microseconds since the Unix epoch. */
export function protocolTimeOf(writeTime: WriteTime, protocolAheadMicros: number): number {
  return writeTime < 0 ? -writeTime : writeTime + protocolAheadMicros;
}
