import type { LibraryErrorCode } from '../../util/library-errors.js';

/** The address of a relay is none. The message is one plain sentence that says what it has to look like. */
export class RelayUrlError extends Error {
  override readonly name = 'RelayUrlError';
  readonly code = 'CLASP_ERR_RELAY_URL' satisfies LibraryErrorCode;
}

/** @throws RelayUrlError when it is no WebSocket address */
export function parseRelayUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'ws:' && url.protocol !== 'wss:') || url.hostname === '') {
    const shown = url === undefined ? text : shownUrl(url);
    throw new RelayUrlError(
      `the inspector relay needs the address of a WebSocket server, such as ws://localhost:8080; "${shown}" is none`,
    );
  }
  url.hash = ''; // means nothing to a server, and no WebSocket takes it
  return url;
}

/** What may be logged of it: a password or a query may be secret. */
export function shownUrl(url: URL): string {
  return url.host === '' ? url.protocol + url.pathname : `${url.protocol}//${url.host}${url.pathname}`;
}
