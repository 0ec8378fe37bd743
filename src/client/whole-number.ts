import { ArgumentError, formatValue } from '../util/arguments.js';

/** These fields are u32 on the wire. */
const U32_MAX = 0xffff_ffff;

/** @throws ArgumentError if the number is present and not a whole number from 0 to `max` */
export function wholeNumber(name: string, value: number | undefined, max = U32_MAX): void {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) return;
  throw new ArgumentError(`${name} must be a whole number from 0 to ${max}, not ${formatValue(value)}`);
}
