import { type Address, parseAddress } from '../../protocol/address.js';
import { ClaspError } from '../../protocol/errors.js';
import { parsePattern, type Pattern } from '../../protocol/pattern.js';
import { UsageError } from '../settings.js';

/** @throws UsageError */
export function readAddress(text: string): Address {
  return readPlace(() => parseAddress(text), text);
}

/** @param text everything, where it is undefined. @throws UsageError */
export function readPattern(text = '/**'): Pattern {
  return readPlace(() => parsePattern(text), text);
}

/** The router would refuse it too; but a slip of the pen is the user's, and needs no router to be seen. */
function readPlace<T>(parse: () => T, text: string): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof ClaspError ? new UsageError(`${error.message}: "${text}"`) : error;
  }
}
