/**
 * Returns a copy of a range of bytes in its own memory. A socket delivers a Node Buffer, and `Buffer.slice()` returns a
 * view: the view would keep the whole network buffer alive and change with it.
 */
export function copyBytes(bytes: Uint8Array, start = 0, end: number = bytes.length): Uint8Array {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}
