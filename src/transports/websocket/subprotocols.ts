import { SUBPROTOCOL, SUBPROTOCOL_CBOR, SUBPROTOCOL_V2 } from './constants.js';

/**
 * Returns the subprotocol of the answer, in order of preference (wire.md 1). False: the answer names none, and the
 * client decides whether it accepts that.
 */
export function chooseSubprotocol(offered: ReadonlySet<string>, allowClaspV2: boolean): string | false {
  if (offered.has(SUBPROTOCOL)) return SUBPROTOCOL;
  if (offered.has(SUBPROTOCOL_CBOR)) return SUBPROTOCOL_CBOR;
  return allowClaspV2 && offered.has(SUBPROTOCOL_V2) ? SUBPROTOCOL_V2 : false;
}
