import { SUBPROTOCOL, SUBPROTOCOL_CBOR, SUBPROTOCOL_V2 } from './constants.js';

/**
 * Returns the subprotocol of the answer, in order of preference (wire.md 1). Undefined: the answer names none, and the
 * client decides whether it accepts that.
 */
export function chooseSubprotocol(offered: readonly string[], allowClaspV2: boolean): string | undefined {
  if (offered.includes(SUBPROTOCOL)) return SUBPROTOCOL;
  if (offered.includes(SUBPROTOCOL_CBOR)) return SUBPROTOCOL_CBOR;
  return allowClaspV2 && offered.includes(SUBPROTOCOL_V2) ? SUBPROTOCOL_V2 : undefined;
}
