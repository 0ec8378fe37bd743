import type { Json } from '../feed.js';
import { isList, numberOf, valueText } from './plain-text.js';

/** What somebody typed: a value to be sent, or what is wrong with it, in a sentence. */
export type Typed =
  { readonly ok: true; readonly value: Json | undefined } | { readonly ok: false; readonly problem: string };

const INT_MIN = -(2n ** 63n);
const INT_MAX = 2n ** 63n - 1n;

/**
 * Reads what was typed for a signal of the given kind, so that an Int stays one. For a kind that has no notation of its
 * own it is JSON.
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

/** Reads JSON; nothing at all is no value. */
export function readJson(text: string): Typed {
  if (text.trim() === '') return { ok: true, value: undefined };
  try {
    // JSON.parse gives nothing but what Json describes.
    return { ok: true, value: JSON.parse(text) as Json };
  } catch {
    return { ok: false, problem: 'This is not JSON: texts stand in double quotes, such as "warm".' };
  }
}

/** The text that an editor begins with. */
export function typedText(kind: string, value: Json | undefined): string {
  if (value === undefined) return '';
  if (kind === 'string' && typeof value === 'string') return value;
  if (kind === 'float' && typeof value === 'number') return String(value);
  if (kind === 'int' || kind === 'float') return valueText(value);
  return JSON.stringify(value, undefined, isList(value) || typeof value === 'object' ? 1 : 0);
}

/** Whether a slider from 0 to 1 suits it. */
export function isFader(kind: string, value: Json | undefined): boolean {
  const number = numberOf(value);
  return kind === 'float' && number !== undefined && number >= 0 && number <= 1;
}

function readFloat(text: string): Typed {
  const number = text === '' ? NaN : Number(text);
  if (Number.isFinite(number)) return { ok: true, value: number };
  return { ok: false, problem: 'This is not a number, such as 0.75.' };
}

function readInt(text: string): Typed {
  if (!/^[+-]?\d{1,20}$/.test(text)) return { ok: false, problem: 'This is not a whole number, such as 42.' };
  const int = BigInt(text);
  if (int < INT_MIN || int > INT_MAX) return { ok: false, problem: 'This number does not fit into 64 bits.' };
  return { ok: true, value: { $int: String(int) } };
}
