import { type Address, parseAddress } from '../../protocol/address.js';
import { ClaspError } from '../../protocol/errors.js';
import { parsePattern, type Pattern } from '../../protocol/pattern.js';
import { UsageError } from '../usage-error.js';

/** @throws UsageError */
export function readAddress(text: string): Address {
  return readPlace(() => parseAddress(text), text);
}

/** @param text default: all addresses. @throws UsageError */
export function readPattern(text = '/**'): Pattern {
  return readPlace(() => parsePattern(text), text);
}

/** Reports a user error without a router. The router would refuse the address or pattern, too. */
function readPlace<T>(parse: () => T, text: string): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof ClaspError ? new UsageError(`${error.message}: "${text}"`) : error;
  }
}
