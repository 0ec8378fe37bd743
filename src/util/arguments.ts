import { didYouMean } from './did-you-mean.js';
import type { LibraryErrorCode } from './library-errors.js';

/**
 * Thrown for an invalid argument. The message is one plain sentence that names the argument and states what it must be.
 */
export class ArgumentError extends RangeError {
  override readonly name = 'ArgumentError';
  readonly code = 'CLASP_ERR_ARGUMENT' satisfies LibraryErrorCode;

  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message };
  }
}

/** @throws ArgumentError unless `isRight`. @param must completes "`name` must ..., not ..." */
export function check(isRight: boolean, name: string, must: string, value: unknown): void {
  if (!isRight) throw new ArgumentError(`${name} must ${must}, not ${formatValue(value)}`);
}

/**
 * Checks the names in an options object.
 *
 * @param call the function call, for the message
 * @throws ArgumentError unless it is an object whose fields are all known
 */
export function checkNames(call: string, options: unknown, known: readonly string[]): void {
  checkOptionsObject(call, options);
  for (const name in options) {
    if (known.includes(name)) continue;
    const meant = didYouMean(name, known);
    const hint = meant === undefined ? `the options are ${known.join(', ')}` : `did you mean "${meant}"?`;
    throw new ArgumentError(`${call} has no option "${clipped(name)}"; ${hint}`);
  }
}

/** @throws ArgumentError unless it is an object */
export function checkOptionsObject(
  call: string,
  options: unknown,
): asserts options is Readonly<Record<string, unknown>> {
  if (!isObject(options))
    throw new ArgumentError(`the options of ${call} must be an object, not ${formatValue(options)}`);
}

/** @throws ArgumentError if it is undefined */
export function checkGiven(name: string, must: string, value: unknown): void {
  check(value !== undefined, name, must, value);
}

/** @throws ArgumentError unless it is a function */
export function checkFunction(name: string, value: unknown): void {
  check(typeof value === 'function', name, 'be a function', value);
}

/** @throws ArgumentError unless it is true, false or undefined */
export function checkFlag(name: string, value: unknown): void {
  check(value === undefined || typeof value === 'boolean', name, 'be true or false', value);
}

/** @throws ArgumentError unless it is a string */
export function checkText(name: string, value: unknown): void {
  check(typeof value === 'string', name, 'be a text', value);
}

/** @throws ArgumentError unless it is one of these */
export function checkOneOf(name: string, value: unknown, allowed: readonly (string | number)[]): void {
  if (allowed.some((one) => one === value)) return;
  const meant = typeof value === 'string' ? didYouMean(value, allowed.map(String)) : undefined;
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  throw new ArgumentError(`${name} must be one of ${allowed.join(', ')}, not ${formatValue(value)}${hint}`);
}

/** @throws ArgumentError unless it is an unsigned 64-bit integer, as a whole number or a bigint, or undefined */
export function checkU64(name: string, value: unknown): void {
  const isRight =
    value === undefined ||
    (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) ||
    (typeof value === 'bigint' && value >= 0n && value <= 0xffff_ffff_ffff_ffffn);
  check(isRight, name, 'be a whole number from 0, of at most 64 bits', value);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof Reflect.get(value, name) === 'function');
}

/** Quotes a string for an error message. */
export function quoted(text: string): string {
  return `"${clipped(text)}"`;
}

/** Formats a value for an error message; objects are not expanded. */
export function formatValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `"${clipped(value)}"`;
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return String(value);
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      if (value === null) return 'null';
      if (!Array.isArray(value)) return 'an object';
      return value.length > MAX_ITEMS ? `a list of ${value.length}` : `[${value.map(formatItem).join(', ')}]`;
  }
}

function formatItem(item: unknown): string {
  return Array.isArray(item) ? 'a list' : formatValue(item);
}

function clipped(text: string): string {
  return text.length <= MAX_CHARACTERS ? text : `${text.slice(0, MAX_CHARACTERS)}…`;
}

/** Maximum list items and string characters that a message quotes. */
const MAX_ITEMS = 10;
const MAX_CHARACTERS = 100;
