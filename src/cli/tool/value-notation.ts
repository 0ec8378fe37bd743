import { readJson } from '../../protocol/encodings/json-reader.js';
import { jsonOfFloat, jsonOfValue, valueOfJson } from '../../protocol/encodings/json-value.js';
import { ClaspError } from '../../protocol/errors.js';
import { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import { UsageError } from '../usage-error.js';

// The notation of values for input and output: JSON in which the spelling of a number determines its type. 1 -5 Int 1.0
// 0.5 1e3 Float All else is as in encodings/json-value.ts, which writes an Int as {"$int": "1"}. The notations differ
// only in numbers, so these are replaced in the text, outside of quoted strings.

const aroundNumbers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
const aroundInts = new RegExp(`\\{"\\$int":"(-?\\d+)"\\}|${aroundNumbers.source}`, 'g');
const wholeNumber = /^-?\d+$/;

/**
 * Parses a value of a user. A text that is not JSON is a string, unless it is an obvious mistake.
 *
 * @throws UsageError
 */
export function parseValue(text: string): Value {
  if (text.trim() === '') throw new UsageError(`VALUE is empty; an empty string is '""'`);
  if (!isJson(text)) {
    const complaint = complaintAbout(text);
    if (complaint !== undefined) throw new UsageError(complaint);
    return checked(() => valueOfJson(text));
  }
  const marked = text.replace(aroundNumbers, (found) => {
    if (wholeNumber.test(found)) return `{"$int":"${BigInt(found).toString()}"}`;
    if (!found.startsWith('"') && !Number.isFinite(Number(found))) {
      throw new UsageError(`VALUE: ${found} exceeds the range of a Float`);
    }
    return found;
  });
  return checked(() => valueOfJson(readJson(marked)));
}

/** Returns a value in the notation of {@link parseValue}, in one line. */
export function valueText(value: Value): string {
  return JSON.stringify(jsonOfValue(value)).replace(aroundInts, (found, int: string | undefined) => {
    if (int !== undefined) return int;
    return wholeNumber.test(found) ? `${found}.0` : found;
  });
}

/**
 * Returns a field of a message as JSON text: values as {@link valueText}; all other numbers as they are, because the
 * field determines their type.
 */
export function fieldText(field: unknown): string {
  if (field instanceof EncodedValue) return valueText(field.decode());
  if (typeof field === 'bigint') return field.toString();
  if (typeof field === 'number') return JSON.stringify(jsonOfFloat(field)); // a sample can be NaN
  if (Array.isArray(field)) return `[${field.map(fieldText).join(',')}]`;
  if (field instanceof Map) return objectText([...(field as ReadonlyMap<string, unknown>)]); // revisions by address
  if (typeof field === 'object' && field !== null) return objectText(Object.entries(field));
  return JSON.stringify(field);
}

/** The same for a field that can be absent. */
export function optionalText(field: unknown): string | undefined {
  return field === undefined ? undefined : fieldText(field);
}

/** Returns an object as JSON text, of fields with given texts. Undefined fields are omitted. */
export function jsonLine(fields: Readonly<Record<string, string | undefined>>): string {
  const texts = Object.entries(fields).filter(([, text]) => text !== undefined);
  return `{${texts.map(([name, text]) => `${JSON.stringify(name)}:${text!}`).join(',')}}`;
}

function objectText(entries: readonly (readonly [string, unknown])[]): string {
  const present = entries.filter(([, field]) => field !== undefined);
  return `{${present.map(([name, field]) => `${JSON.stringify(name)}:${fieldText(field)}`).join(',')}}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Returns the fault of a text that was meant as JSON but is not valid. */
function complaintAbout(text: string): string | undefined {
  const begin = text.trim();
  if (/^["[{]/.test(begin)) return `VALUE is not valid JSON; check the quotes of the shell: ${begin}`;
  // .5, +5 and 0x10: without an error, a string would be stored instead of the intended number.
  if (Number.isFinite(Number(begin)))
    return `VALUE is not a JSON number; write ${meant(begin)}, or '"${begin}"' for a string`;
  return undefined;
}

function meant(number: string): string {
  const value = Number(number);
  return number.includes('.') && Number.isInteger(value) ? `${value}.0` : `${value}`;
}

function checked(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw error instanceof ClaspError ? new UsageError(`VALUE: ${error.message}`) : error;
  }
}
