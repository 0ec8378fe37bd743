import { UsageError } from '../usage-error.js';

/**
 * Reads hexadecimal digits. Spaces, colons, dashes and commas are ignored, and so is 0x before a group.
 *
 * @throws UsageError
 */
export function readHex(text: string): Uint8Array {
  const digits = text.replace(/(?<![0-9a-f])0x/gi, ' ').replace(/[\s:,-]/g, '');
  const [strange] = /[^0-9a-f]/iu.exec(digits) ?? [];
  if (strange !== undefined)
    throw new UsageError(`HEX must be hexadecimal digits, 0 to 9 and a to f, not "${strange}"`);
  if (digits === '') throw new UsageError('HEX is empty; there is nothing to decode');
  if (digits.length % 2 !== 0) throw new UsageError(`HEX has ${digits.length} digits; each byte needs two`);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
