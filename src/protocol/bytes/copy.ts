/**
 * A copy of a range of bytes on memory of its own. Not `bytes.slice()`: what comes off a socket is a Node Buffer, whose
 * `slice` gives a view, and a view keeps the whole network buffer alive and changes with it.
 */
export function copyBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): Uint8Array {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}
