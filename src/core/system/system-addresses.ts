import { ClaspError, ErrorCode } from '../../protocol/errors.js';

/**
 * Whether an address or pattern is below `/$clasp`, where only the router writes: its own state and the connected
 * sessions. Clients can only subscribe there, and only by name: neither `**` nor `*` matches `$clasp`. Thus a desk that
 * subscribes to everything in a show gets no router state.
 */
export function isSystemAddress(text: string): boolean {
  return text.startsWith(PREFIX) && (text.length === PREFIX.length || text.charCodeAt(PREFIX.length) === SLASH);
}

/** The ERROR for a client that writes there. */
export function systemAddressRefused(address: string): ClaspError {
  return new ClaspError(ErrorCode.Refused, `${PREFIX} is the router's own: clients can only subscribe there`, {
    address,
  });
}

/** The first segment of these addresses. */
export const SYSTEM_SEGMENT = '$clasp';

/** Address of a signal that carries a last will, for encodings whose ANNOUNCE has no meta field. */
export const WILL_ADDRESS = '/$clasp/will';

const PREFIX = `/${SYSTEM_SEGMENT}`;
const SLASH = 0x2f;
