import type { LibraryErrorCode } from '../../util/library-errors.js';

/** The relay address is invalid. The message is one sentence that states the required form. */
export class RelayUrlError extends Error {
  override readonly name = 'RelayUrlError';
  readonly code = 'CLASP_ERR_RELAY_URL' satisfies LibraryErrorCode;
}

/** Parses the relay address. @throws RelayUrlError if it is not a WebSocket address */
export function parseRelayUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'ws:' && url.protocol !== 'wss:') || url.hostname === '') {
    const readable = url === undefined ? text : shownUrl(url);
    throw new RelayUrlError(
      `the inspector relay needs the address of a WebSocket server, such as ws://localhost:8080, not "${readable}"`,
    );
  }
  url.hash = ''; // a fragment has no meaning for a server, and WebSocket rejects it
  return url;
}

/** Returns the URL for logs, without password and query, which can be secret. */
export function shownUrl(url: URL): string {
  return url.host === '' ? url.protocol + url.pathname : `${url.protocol}//${url.host}${url.pathname}`;
}
