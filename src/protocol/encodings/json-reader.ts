import { DecodeError } from '../errors.js';
import { MAX_BUNDLE_DEPTH, MAX_VALUE_DEPTH } from '../limits.js';
import { TreeMap } from './tree.js';

/**
 * Parsed JSON. A number is a double: a fraction, a number with an exponent, or an integer within ±(2^53-1). A bigint is
 * an integer beyond that, with at most 21 digits and without rounding. An object is a {@link TreeMap}: its keys are
 * data and keep their order.
 */
export type JsonNode = null | boolean | number | bigint | string | readonly JsonNode[] | TreeMap;

/**
 * Limit for nested containers. The deepest message has a list and a map for each bundle, then PUBLISH, timeline,
 * keyframes and keyframe. In its value, each level can be a `$map` (object, list of pairs, pair), and the innermost is
 * one more object, such as `{"$int": "5"}`.
 */
const MAX_JSON_DEPTH = 2 * MAX_BUNDLE_DEPTH + 4 + 3 * MAX_VALUE_DEPTH + 1;
/** Digits of the longest integer that JavaScript writes without an exponent. A 64-bit integer has at most 20. */
const MAX_INTEGER_DIGITS = 21;
/** Integers with this many digits are exact as doubles. */
const SAFE_DIGITS = 15;

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Reads one JSON document (RFC 8259). `JSON.parse` is unsuitable for a router for three reasons. It rounds integers
 * beyond 2^53. It reads 1e999 as Infinity. It loses repeated keys of an object and the order of integer-like keys. In
 * Node.js 20 its reviver does not receive the source string.
 *
 * @throws DecodeError JsonDecode; DepthExceeded above 213 nested containers
 */
export function readJson(text: string): JsonNode {
  return new JsonReader(text).whole();
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): JsonNode {
    const node = this.#value(0);
    if (this.#next() >= 0) throw this.#syntaxError();
    return node;
  }

  /** @param depth number of containers around the value */
  #value(depth: number): JsonNode {
    const code = this.#next();
    switch (code) {
      case OPEN_OBJECT:
        return this.#object(depth + 1);
      case OPEN_LIST:
        return this.#list(depth + 1);
      case QUOTE:
        return this.#string();
      case 0x74: // t
        return this.#word('true', true);
      case 0x66: // f
        return this.#word('false', false);
      case 0x6e: // n
        return this.#word('null', null);
      default:
        if (code === MINUS || isDigit(code)) return this.#number();
        throw this.#syntaxError();
    }
  }

  #object(depth: number): TreeMap {
    checkDepth(depth);
    const entries = new TreeMap();
    this.#at++;
    if (this.#next() === CLOSE_OBJECT) {
      this.#at++;
      return entries;
    }
    for (;;) {
      if (this.#next() !== QUOTE) throw this.#syntaxError();
      const key = this.#string();
      if (this.#next() !== COLON) throw this.#syntaxError();
      this.#at++;
      entries.add(key, this.#value(depth));
      if (this.#isLast(CLOSE_OBJECT)) return entries;
    }
  }

  #list(depth: number): readonly JsonNode[] {
    checkDepth(depth);
    const items: JsonNode[] = [];
    this.#at++;
    if (this.#next() === CLOSE_LIST) {
      this.#at++;
      return items;
    }
    for (;;) {
      items.push(this.#value(depth));
      if (this.#isLast(CLOSE_LIST)) return items;
    }
  }

  /** Reads the comma after an element or the end of the container. @returns whether it was the end */
  #isLast(close: number): boolean {
    const code = this.#next();
    if (code !== COMMA && code !== close) throw this.#syntaxError();
    this.#at++;
    return code === close;
  }

  #string(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let at = start;
    let isPlain = true;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      this.#at = at;
      if (!(code >= 0x20)) throw this.#syntaxError(); // a control character, or NaN at the end of input
      if (code === BACKSLASH) {
        isPlain = false;
        at++;
      }
      at++;
    }
    this.#at = at + 1;
    return isPlain ? text.slice(start, at) : this.#escaped(start - 1);
  }

  /** Returns the content of a string that has escapes. */
  #escaped(start: number): string {
    try {
      return JSON.parse(this.#text.slice(start, this.#at)) as string; // invariant: the slice is a quoted string
    } catch {
      this.#at = start;
      throw this.#syntaxError();
    }
  }

  #number(): number | bigint {
    const start = this.#at;
    const text = this.#text;
    if (text.charCodeAt(this.#at) === MINUS) this.#at++;
    const first = this.#at;
    if (text.charCodeAt(this.#at) === ZERO) this.#at++;
    else this.#digits();
    const digits = this.#at - first;
    let isInteger = true;
    if (text.charCodeAt(this.#at) === DOT) {
      isInteger = false;
      this.#at++;
      this.#digits();
    }
    if ((text.charCodeAt(this.#at) | 0x20) === 0x65) {
      isInteger = false;
      this.#at++;
      const sign = text.charCodeAt(this.#at);
      if (sign === PLUS || sign === MINUS) this.#at++;
      this.#digits();
    }
    const written = text.slice(start, this.#at);
    const number = Number(written);
    if (isInteger && digits > SAFE_DIGITS && !Number.isSafeInteger(number)) return bigInteger(written, digits);
    if (!Number.isFinite(number)) throw refused(`the number ${shortened(written)} is beyond the range of a Float`);
    return number;
  }

  /** Reads one or more digits. */
  #digits(): void {
    const start = this.#at;
    while (isDigit(this.#text.charCodeAt(this.#at))) this.#at++;
    if (this.#at === start) throw this.#syntaxError();
  }

  #word<T>(word: string, node: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#syntaxError();
    this.#at += word.length;
    return node;
  }

  /** Returns the next character code after white space; below 0 at the end. */
  #next(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code >= 0 ? code : -1;
      this.#at++;
    }
  }

  #syntaxError(): DecodeError {
    const { length } = this.#text;
    const at = Math.min(this.#at, length);
    return refused(
      at === length ? 'the text is not JSON: it ends too early' : `the text is not JSON at character ${at + 1}`,
    );
  }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

function bigInteger(written: string, digits: number): bigint {
  if (digits <= MAX_INTEGER_DIGITS) return BigInt(written);
  throw refused(
    `an integer of ${digits} digits does not fit 64 bits; a Float of that size is written with an exponent, such as 1e30`,
  );
}

function checkDepth(depth: number): void {
  if (depth <= MAX_JSON_DEPTH) return;
  throw new DecodeError('DepthExceeded', `containers nest deeper than ${MAX_JSON_DEPTH} levels`);
}

/** Shortens a peer's string for an error text. */
function shortened(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}

function refused(why: string): DecodeError {
  return new DecodeError('JsonDecode', why);
}
