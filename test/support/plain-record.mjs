// @ts-check

/**
 * Converts records to JSON without a loss: values as type and hex digits, integers beyond 2^53 and special floats as
 * text. The same for what was written and what is read.
 *
 * @param {unknown} thing
 * @returns {unknown}
 */
export function plainRecord(thing) {
  if (typeof thing === 'bigint') return { integer: thing.toString() };
  if (typeof thing === 'number' && (Object.is(thing, -0) || !Number.isFinite(thing))) {
    return { float: Object.is(thing, -0) ? '-0' : String(thing) };
  }
  if (typeof thing !== 'object' || thing === null) return thing;
  if (thing instanceof Uint8Array) return { hex: Buffer.from(thing).toString('hex') };
  if (thing instanceof Map) return { map: [...thing].map(([key, item]) => [key, plainRecord(item)]) };
  if (Array.isArray(thing)) return thing.map(plainRecord);
  if ('bytes' in thing && thing.bytes instanceof Uint8Array && 'start' in thing && 'end' in thing && 'type' in thing) {
    const { bytes, start, end, type } = thing;
    if (typeof start !== 'number' || typeof end !== 'number') throw new Error('this is no encoded value');
    return { type, hex: Buffer.from(bytes.subarray(start, end)).toString('hex') };
  }
  const fields = Object.entries(thing).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([name, field]) => [name, plainRecord(field)]));
}
