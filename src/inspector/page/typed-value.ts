import type { Json } from '../feed.js';
import { isList, numberOf, valueText } from './plain-text.js';

/** Typed input: a value to send, or a sentence that states what is wrong. */
export type Typed =
  { readonly ok: true; readonly value: Json | undefined } | { readonly ok: false; readonly problem: string };

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

/** Strings and numbers of a JSON text. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
const wholeNumber = /^[+-]?\d+$/;
/** Maximum characters of an Int, its sign included. */
const MAX_INT_LENGTH = 20;

/**
 * Parses input for a signal of the given kind, so that an Int stays an Int. A kind without its own notation uses
 * JSON.
 */
export function readTyped(kind: string, text: string): Typed {
  const typed = text.trim();
  switch (kind) {
    case 'float':
      return readFloat(typed);
    case 'int':
      return readInt(typed);
    case 'string':
      return { ok: true, value: text };
    default:
      return readJson(typed);
  }
}

/**
 * Parses JSON; empty text means no value. `JSON.parse` rounds integers beyond 2^53 and reads 1e999 as Infinity, so
 * this function checks the numbers in the text first: such an integer becomes an Int, and a number that is neither an
 * Int nor a Float is rejected.
 */
export function readJson(text: string): Typed {
  if (text.trim() === '') return { ok: true, value: undefined };
  try {
    JSON.parse(text); // the token pattern is only valid for correct JSON
  } catch {
    return { ok: false, problem: 'This is not JSON: strings need double quotes, for example "warm".' };
  }
  let problem: string | undefined;
  const exact = text.replace(tokens, (token) => {
    if (token.startsWith('"') || Number.isSafeInteger(Number(token))) return token;
    if (!wholeNumber.test(token)) {
      if (!Number.isFinite(Number(token))) problem ??= 'This number is beyond the range of a Float.';
      return token;
    }
    const typed = readInt(token);
    if (typed.ok) return JSON.stringify(typed.value);
    problem ??= typed.problem;
    return token;
  });
  // JSON.parse returns only values that Json describes.
  return problem === undefined ? { ok: true, value: JSON.parse(exact) as Json } : { ok: false, problem };
}

/** Returns the initial text of an editor. */
export function typedText(kind: string, value: Json | undefined): string {
  if (value === undefined) return '';
  if (kind === 'string' && typeof value === 'string') return value;
  if (kind === 'float' && typeof value === 'number') return String(value);
  if (kind === 'int' || kind === 'float') return valueText(value);
  const text = JSON.stringify(value, undefined, isList(value) || typeof value === 'object' ? 1 : 0);
  return text.replace(tokens, floatWithExponent);
}

/** Writes a Float beyond 2^53 as 1e+17: {@link readJson} would read its digits as an Int. */
function floatWithExponent(token: string): string {
  const number = Number(token);
  return !wholeNumber.test(token) || Number.isSafeInteger(number) ? token : number.toExponential();
}

/** Returns whether a slider from 0 to 1 suits the value. */
export function isFader(kind: string, value: Json | undefined): boolean {
  const number = numberOf(value);
  return kind === 'float' && number !== undefined && number >= 0 && number <= 1;
}

function readFloat(text: string): Typed {
  const number = text === '' ? NaN : Number(text);
  if (!Number.isFinite(number)) {
    const isNumber = /^[+-]?\d/.test(text) && Math.abs(number) === Infinity;
    const problem = isNumber ? 'This number is beyond the range of a Float.' : 'This is not a number. Example: 0.75.';
    return { ok: false, problem };
  }
  if (isRounded(text, number)) return { ok: false, problem: `This number would be rounded: a Float holds ${number}.` };
  return { ok: true, value: number };
}

/**
 * Returns whether a whole number has digits that a Float cannot hold. The text that JavaScript writes for a Float
 * counts as exact.
 */
function isRounded(text: string, number: number): boolean {
  return (
    wholeNumber.test(text) &&
    String(number) !== text.replace(/^\+/, '') &&
    BigInt(number) !== BigInt(text.replace(/^\+/, ''))
  );
}

function readInt(text: string): Typed {
  if (!wholeNumber.test(text)) return { ok: false, problem: 'This is not a whole number. Example: 42.' };
  const int = text.length > MAX_INT_LENGTH ? undefined : BigInt(text);
  if (int === undefined || int < INT_MIN || int > INT_MAX)
    return { ok: false, problem: 'This number does not fit into 64 bits.' };
  return { ok: true, value: { $int: String(int) } };
}
