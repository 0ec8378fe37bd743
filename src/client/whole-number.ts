import { ArgumentError, shown } from '../util/arguments.js';

/** The wire has four bytes for these. */
const U32_MAX = 0xffff_ffff;

/** @throws ArgumentError when a number is there and is no whole one, from 0 to `max` */
export function wholeNumber(name: string, value: number | undefined, max = U32_MAX): void {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) return;
  throw new ArgumentError(`${name} must be a whole number from 0 to ${max}, not ${shown(value)}`);
}
