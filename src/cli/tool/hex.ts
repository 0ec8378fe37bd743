import { UsageError } from '../settings.js';

/**
 * Bytes from hexadecimal digits. Spaces, colons, dashes and commas between them do not matter, nor a 0x in front of a group.
 *
 * @throws UsageError
 */
export function readHex(text: string): Uint8Array {
  const digits = text.replace(/(?<![0-9a-f])0x/gi, ' ').replace(/[\s:,-]/g, '');
  const [strange] = /[^0-9a-f]/iu.exec(digits) ?? [];
  if (strange !== undefined) throw new UsageError(`HEX is hexadecimal digits, 0 to 9 and a to f; "${strange}" is none`);
  if (digits === '') throw new UsageError('HEX is empty; there is nothing to decode');
  if (digits.length % 2 !== 0)
    throw new UsageError(`HEX has ${digits.length} digits; a byte is two, so one is missing`);
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
