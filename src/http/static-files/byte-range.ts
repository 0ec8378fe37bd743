/** Bytes of a file, both ends included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** `bytes=0-499`, `bytes=500-` or `bytes=-500`. */
const oneRange = /^bytes=[ \t]*(?:(\d+)-(\d*)|-(\d+))[ \t]*$/i;

/**
 * Parses a Range header (RFC 9110, section 14.2).
 *
 * @param size bytes of the file
 * @returns undefined if the answer is the whole file, which is always allowed: without the header, if it is not one
 * range of bytes, or if the end of an empty file is requested. 'unsatisfiable' if no byte of the file is in the range
 */
export function readRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | undefined {
  const found = oneRange.exec(header ?? '');
  if (found === null) return undefined;
  const [, from = '', to = '', suffix = ''] = found;
  if (suffix !== '') {
    const length = Number(suffix);
    if (length === 0) return 'unsatisfiable';
    return size === 0 ? undefined : { first: Math.max(0, size - length), last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? Infinity : Number(to);
  if (last < first) return undefined; // an invalid range
  return first >= size ? 'unsatisfiable' : { first, last: Math.min(last, size - 1) };
}
