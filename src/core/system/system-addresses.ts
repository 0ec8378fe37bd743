import { ClaspError, ErrorCode } from '../../protocol/errors.js';

/**
 * Addresses and patterns below `/$clasp` are the router's own: it speaks there of itself and of who is connected. Clients can
 * only listen, and only those hear of it who ask for it by name: no `**` and no `*` stands for `$clasp`, so a desk that
 * subscribes to everything in a show is not told about the router.
 */
export function isSystemAddress(text: string): boolean {
  return text.startsWith(PREFIX) && (text.length === PREFIX.length || text.charCodeAt(PREFIX.length) === SLASH);
}

/** What a client hears that writes there. */
export function systemAddressRefused(address: string): ClaspError {
  return new ClaspError(ErrorCode.Refused, `${PREFIX} is the router's own: clients can only subscribe there`, {
    address,
  });
}

/** The first segment of them all. */
export const SYSTEM_SEGMENT = '$clasp';

/** In the meta of an ANNOUNCE: what is to be done when the session is lost, for encodings in which the whole has no meta. */
export const WILL_ADDRESS = '/$clasp/will';

const PREFIX = `/${SYSTEM_SEGMENT}`;
const SLASH = 0x2f;
