import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { SignalDefinition } from '../../protocol/messages/message.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';

/**
 * Checks a value against its announced definition. CLASP defines no datatypes. Those of its examples and their usual
 * relatives are checked; others are treated as comments. A client whose language has one number type sends 3.0 for an
 * integer, so the check uses the number, not its encoding.
 *
 * @throws ClaspError 402 that states the definition
 */
export function checkAnnounced(
  { address, datatype, meta }: SignalDefinition,
  target: string,
  encoded: EncodedValue,
): void {
  const range = meta?.range;
  if (datatype === undefined && range === undefined) return; // the value is not decoded
  const value = encoded.decode();
  const announced = address === target ? '' : ` for ${address}`;
  if (datatype !== undefined && datatypes.get(datatype.toLowerCase())?.(value) === false) {
    throw refused(target, `the value is no ${datatype}, as was announced${announced}`);
  }
  if (range === undefined) return;
  const [min, max] = range;
  for (const number of numbersIn(value)) {
    // Not "smaller or greater": NaN is neither, and in no range.
    if (number >= min && number <= max) continue;
    throw refused(target, `${number} is outside the range ${min} to ${max} that was announced${announced}`);
  }
}

function refused(address: string, text: string): ClaspError {
  return new ClaspError(ErrorCode.InvalidValue, `Invalid value: ${text}`, { address });
}

const isNumber = (value: Value): boolean => typeof value === 'number' || typeof value === 'bigint';
const isWhole = (value: Value): boolean => typeof value === 'bigint' || Number.isInteger(value);
const isVector =
  (length: number) =>
  (value: Value): boolean =>
    isList(value) && value.length === length && value.every(isNumber);

const datatypes: ReadonlyMap<string, (value: Value) => boolean> = new Map([
  ...['f32', 'f64', 'float', 'float32', 'float64', 'double', 'number'].map((name) => [name, isNumber] as const),
  ...['int', 'integer', ...integerNames()].map((name) => [name, isWhole] as const),
  ...['bool', 'boolean'].map((name) => [name, (value: Value) => typeof value === 'boolean'] as const),
  ...['string', 'str', 'text'].map((name) => [name, (value: Value) => typeof value === 'string'] as const),
  ...['bytes', 'blob', 'binary'].map((name) => [name, (value: Value) => value instanceof Uint8Array] as const),
  ...['array', 'list'].map((name) => [name, isList] as const),
  ...['map', 'object'].map((name) => [name, (value: Value) => value instanceof Map] as const),
  ...[2, 3, 4].map((length) => [`vec${length}`, isVector(length)] as const),
]);

function integerNames(): string[] {
  return [8, 16, 32, 64].flatMap((bits) => [`i${bits}`, `u${bits}`, `int${bits}`, `uint${bits}`]);
}

/** Numbers that a range applies to: the number itself, or those in a list. */
function numbersIn(value: Value): readonly (number | bigint)[] {
  if (typeof value === 'number' || typeof value === 'bigint') return [value];
  return isList(value) ? value.filter((one) => typeof one === 'number' || typeof one === 'bigint') : [];
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
