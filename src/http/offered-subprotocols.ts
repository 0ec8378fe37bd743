import type { IncomingHttpHeaders } from 'node:http';

/** One token of RFC 9110, as nearly every client sends. */
const singleName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Removes empty and repeated names from `Sec-WebSocket-Protocol`, and the header if no name remains. `ws` rejects both
 * with 400 before it selects a subprotocol, although a recipient must ignore empty list elements (RFC 9110, section
 * 5.6.1.2). Some client libraries and proxies send them. A name that is not a token still causes 400.
 */
export function normalizeSubprotocols(headers: IncomingHttpHeaders): void {
  const offered = headers['sec-websocket-protocol'];
  if (offered === undefined || singleName.test(offered)) return;
  const names = new Set(offered.split(',').map((name) => name.replace(/^[ \t]+|[ \t]+$/g, '')));
  names.delete('');
  if (names.size === 0) delete headers['sec-websocket-protocol'];
  else headers['sec-websocket-protocol'] = [...names].join(', ');
}
