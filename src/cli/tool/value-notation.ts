import { readJson } from '../../protocol/encodings/json-reader.js';
import { jsonOfFloat, jsonOfValue, valueOfJson } from '../../protocol/encodings/json-value.js';
import { ClaspError } from '../../protocol/errors.js';
import { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import { UsageError } from '../settings.js';

// Values on a command line, and as they are shown: JSON in which the spelling of a number says its type.
//   1 -5                  Int
//   1.0 0.5 1e3           Float
// Everything else is as encodings/json-value.ts has it, which writes an Int as {"$int": "1"}. Between the two notations lie
// the numbers alone, so they are exchanged in the text, where no text in quotes is touched.

const aroundNumbers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g;
const aroundInts = new RegExp(`\\{"\\$int":"(-?\\d+)"\\}|${aroundNumbers.source}`, 'g');
const wholeNumber = /^-?\d+$/;

/**
 * The value that a user wrote. What is no JSON is a text, unless it was plainly meant to be something else.
 *
 * @throws UsageError
 */
export function parseValue(text: string): Value {
  if (text.trim() === '') throw new UsageError(`VALUE is empty; an empty text is '""'`);
  if (!isJson(text)) {
    const complaint = complaintAbout(text);
    if (complaint !== undefined) throw new UsageError(complaint);
    return checked(() => valueOfJson(text));
  }
  const marked = text.replace(aroundNumbers, (found) => {
    if (wholeNumber.test(found)) return `{"$int":"${BigInt(found).toString()}"}`;
    if (!found.startsWith('"') && !Number.isFinite(Number(found))) {
      throw new UsageError(`VALUE: ${found} is more than a Float can hold`);
    }
    return found;
  });
  return checked(() => valueOfJson(readJson(marked)));
}

/** A value as {@link parseValue} reads it, in one line. */
export function valueText(value: Value): string {
  return JSON.stringify(jsonOfValue(value)).replace(aroundInts, (found, int: string | undefined) => {
    if (int !== undefined) return int;
    return wholeNumber.test(found) ? `${found}.0` : found;
  });
}

/**
 * A field of a message as JSON text: values as {@link valueText} has them; all other numbers as they are, because the field
 * says their type.
 */
export function fieldText(field: unknown): string {
  if (field instanceof EncodedValue) return valueText(field.decode());
  if (typeof field === 'bigint') return field.toString();
  if (typeof field === 'number') return JSON.stringify(jsonOfFloat(field)); // a sample may be no number at all
  if (Array.isArray(field)) return `[${field.map(fieldText).join(',')}]`;
  if (field instanceof Map) return objectText([...(field as ReadonlyMap<string, unknown>)]); // revisions by address
  if (typeof field === 'object' && field !== null) return objectText(Object.entries(field));
  return JSON.stringify(field);
}

/** The same for a field that may be missing. */
export function optionalText(field: unknown): string | undefined {
  return field === undefined ? undefined : fieldText(field);
}

/** An object as JSON text, of fields whose text is given. Those that are undefined are left out. */
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

/** What is wrong with a text that is no JSON, if somebody meant it to be. */
function complaintAbout(text: string): string | undefined {
  const begin = text.trim();
  if (/^["[{]/.test(begin)) return `VALUE begins like JSON and is none; mind the quotes of the shell: ${begin}`;
  // .5 and +5 and 0x10: a text would be stored where a number was meant, and nobody would notice.
  if (Number.isFinite(Number(begin)))
    return `VALUE is no number in JSON; write ${meant(begin)}, or '"${begin}"' for a text`;
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
