import { DecodeError } from '../errors.js';
import { INT_MAX, INT_MIN, type Value } from '../values/value.js';
import { fromBase64, toBase64 } from './base64.js';
import { checkValueDepth, TreeMap } from './tree.js';

// Values in JSON, one form for each:
//   null, true, false, "text", [1, 2]        themselves
//   1.5                                      Float; 1 and 1e20 are Floats too
//   9007199254740993                         read as Int: an integer beyond ±(2^53-1) of at most 64 bits. Written as:
//   {"$int": "5"}                            Int, in decimal; {"$int": 5} is accepted
//   {"$float": "NaN"}                        also "Infinity", "-Infinity", "-0": Floats that JSON cannot represent
//   {"$bytes": "AAE="}                       bytes, in base64
//   {"a": 1}                                 map, its entries in order
//   {"$map": [["$a", 1], ["10", 2]]}         map with a key that an object would lose, reorder or confuse with these

const INT = '$int';
const FLOAT = '$float';
const BYTES = '$bytes';
const MAP = '$map';

const floatNames: ReadonlyMap<unknown, number> = new Map([
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

/** A 64-bit decimal in canonical spelling. */
const decimal = /^(?:0|-?[1-9]\d{0,19})$/;

/**
 * Returns the value for parsed JSON: the result of `readJson` or `JSON.parse`. `JSON.parse` rounds integers beyond
 * 2^53, which then become Floats.
 *
 * @throws DecodeError JsonDecode, DepthExceeded
 */
export function valueOfJson(node: unknown, depth = 0): Value {
  if (node === null || typeof node === 'boolean') return node;
  if (typeof node === 'number') return checkedFloat(node);
  if (typeof node === 'bigint') return checkedInt(node);
  if (typeof node === 'string') return checkedText(node);
  if (Array.isArray(node)) {
    checkValueDepth(depth + 1);
    return node.map((item) => valueOfJson(item, depth + 1));
  }
  const [key, content] = specialEntry(node);
  switch (key) {
    case undefined:
    case MAP:
      break;
    case INT:
      return intOfJson(content);
    case FLOAT:
      return floatOfJson(content);
    case BYTES:
      return bytesOfJson(content);
    default:
      throw refused(`"${key.slice(0, 40)}" is not one of $int, $float, $bytes and $map`);
  }
  checkValueDepth(depth + 1);
  const entries = new Map<string, Value>();
  for (const [key, item] of mapOfJson(node) ?? []) entries.set(key, valueOfJson(item, depth + 1));
  return entries;
}

/**
 * Returns the entries of an object or a `$map`, or undefined for other nodes.
 *
 * @throws DecodeError JsonDecode
 */
export function mapOfJson(node: unknown): ReadonlyMap<string, unknown> | undefined {
  if (!isObject(node)) return undefined;
  const [special, pairs] = specialEntry(node);
  const entries = new Map<string, unknown>();
  if (special !== MAP) {
    for (const [key, item] of entriesOf(node)) entries.set(checkedText(key), item);
    return entries;
  }
  if (!Array.isArray(pairs)) throw refused('$map must be a list of pairs');
  for (const pair of pairs as readonly unknown[]) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') {
      throw refused('$map must be a list of pairs, each a string and a value');
    }
    entries.set(checkedText(pair[0]), pair[1]);
  }
  return entries;
}

/**
 * Returns a number in the form that {@link jsonOfFloat} writes, or undefined for other nodes. An integer beyond 2^53 is
 * accepted if a Float represents it exactly, or if JavaScript writes a Float that way.
 */
export function numberOfJson(node: unknown): number | undefined {
  if (typeof node === 'number') return checkedFloat(node);
  if (typeof node === 'bigint') {
    const float = Number(node);
    return BigInt(float) === node || String(float) === String(node) ? float : undefined;
  }
  const [key, content] = specialEntry(node);
  return key === FLOAT ? floatOfJson(content) : undefined;
}

/**
 * Returns the string.
 *
 * @throws DecodeError JsonDecode if it contains a lone surrogate, which has no UTF-8
 */
export function checkedText(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw refused('a string contains half of a surrogate pair');
  return text;
}

/** Returns the input of `JSON.stringify` for a value. */
export function jsonOfValue(value: Value): unknown {
  switch (typeof value) {
    case 'number':
      return jsonOfFloat(value);
    case 'bigint':
      return { [INT]: value.toString() };
    case 'string':
    case 'boolean':
      return value;
    default:
      if (value === null) return null;
      if (value instanceof Uint8Array) return { [BYTES]: toBase64(value) };
      return isMap(value)
        ? jsonOfMap(new Map(Array.from(value, ([key, item]) => [key, jsonOfValue(item)])))
        : value.map(jsonOfValue);
  }
}

export function jsonOfFloat(float: number): unknown {
  if (Object.is(float, -0)) return { [FLOAT]: '-0' };
  return Number.isFinite(float) ? float : { [FLOAT]: String(float) };
}

/** @param entries JSON nodes by key */
export function jsonOfMap(entries: ReadonlyMap<string, unknown>): unknown {
  for (const key of entries.keys()) {
    if (!isFaithfulKey(key)) return { [MAP]: [...entries] };
  }
  return Object.fromEntries(entries);
}

/** Objects put integer-like keys first, `__proto__` can invoke a setter, and `$` keys are reserved by this format. */
function isFaithfulKey(key: string): boolean {
  return !key.startsWith('$') && key !== '__proto__' && !/^(?:0|[1-9]\d*)$/.test(key);
}

/** Returns the only entry of an object if its key starts with `$`; otherwise two undefined values. */
function specialEntry(node: unknown): readonly [key: string | undefined, content: unknown] {
  if (!isObject(node)) return [undefined, undefined];
  if (node instanceof TreeMap && node.size !== 1) return [undefined, undefined];
  const entries = [...entriesOf(node)];
  return entries.length === 1 && entries[0]![0].startsWith('$') ? entries[0]! : [undefined, undefined];
}

function entriesOf(node: object): Iterable<readonly [string, unknown]> {
  return node instanceof TreeMap ? node : Object.entries(node);
}

/** `JSON.parse` reads 1e999 as Infinity. */
function checkedFloat(float: number): number {
  if (!Number.isFinite(float))
    throw refused(`the number is beyond the range of a Float; {"$float": "Infinity"} is one`);
  return float;
}

function checkedInt(int: bigint): bigint {
  if (int >= INT_MIN && int <= INT_MAX) return int;
  throw refused(
    `the integer ${int.toString()} does not fit 64 bits; a Float of that size is written with an exponent, such as 1e20`,
  );
}

function intOfJson(content: unknown): bigint {
  const isDecimal = typeof content === 'bigint' || (typeof content === 'string' && decimal.test(content));
  if (!isDecimal && !Number.isSafeInteger(content))
    throw refused('$int must be a decimal string, such as {"$int": "5"}');
  const int = BigInt(content as bigint | string | number); // an integer, a decimal string or a safe integer
  if (int < INT_MIN || int > INT_MAX) throw refused(`the $int ${int.toString()} does not fit 64 bits`);
  return int;
}

function floatOfJson(content: unknown): number {
  const float = floatNames.get(content);
  if (float === undefined) throw refused('$float must be "NaN", "Infinity", "-Infinity" or "-0"');
  return float;
}

function bytesOfJson(content: unknown): Uint8Array {
  const bytes = typeof content === 'string' ? fromBase64(content) : undefined;
  if (bytes === undefined) throw refused('$bytes must be base64 with padding');
  return bytes;
}

/** `instanceof` narrows a ReadonlyMap to Map<any, any>. */
function isMap(value: readonly Value[] | ReadonlyMap<string, Value>): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}

function isObject(node: unknown): node is object {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

function refused(why: string): DecodeError {
  return new DecodeError('JsonDecode', why);
}
