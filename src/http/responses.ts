import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type HttpAnswer, targetOf } from './route.js';

const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** Returns the status page that browsers get if no other page is configured. */
export function defaultPage(scheme: 'ws' | 'wss'): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>CLASP router</title>
<h1>CLASP router</h1>
<p>This router is running. It is not a web page: point a CLASP client at this address, with ${scheme}:// in front.</p>
</html>
`;
}

/** Methods of `/`. Load balancers probe with POST and OPTIONS (router.md 18). */
const ROOT_METHODS = 'GET, HEAD, POST, OPTIONS';

/**
 * Answers a plain HTTP request that no route accepted. `/` returns the status page (GET, HEAD) or `ok` for probes of
 * load balancers (POST, OPTIONS). Other methods get 405, other paths get 404. Bodies are never read.
 */
export function answerHttp(request: IncomingMessage, response: ServerResponse, statusPage: () => string): void {
  const { method = '', url = '' } = request;
  const path = targetOf(url)?.[0];
  // `OPTIONS *` concerns the server as a whole (RFC 9110, section 9.3.7).
  if (path !== '/' && !(url === '*' && method === 'OPTIONS')) {
    send(response, 404, 'not found\n');
    return;
  }
  switch (method) {
    case 'GET':
    case 'HEAD':
      sendPage(response, statusPage);
      return;
    case 'POST':
      send(response, 200, 'ok');
      return;
    case 'OPTIONS':
      send(response, 200, 'ok', { headers: { Allow: ROOT_METHODS } });
      return;
    default:
      send(response, 405, `only ${ROOT_METHODS}\n`, { headers: { Allow: ROOT_METHODS } });
  }
}

function sendPage(response: ServerResponse, statusPage: () => string): void {
  let page: string;
  try {
    page = statusPage();
  } catch {
    // A failing status page must not stop the router. 500 shows the caller that something is wrong.
    send(response, 500, 'the status page failed');
    return;
  }
  send(response, 200, page, { type: 'text/html; charset=utf-8' });
}

/** Sends one answer and closes the connection, so that no connection stays pending. */
export function send(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  { type, headers }: Pick<HttpAnswer, 'type' | 'headers'> = {},
): void {
  writeHead(response, status, { type, headers: { 'Content-Length': String(Buffer.byteLength(body)), ...headers } });
  response.end(body); // Node.js omits the body for HEAD
}

/** Writes the status line and the common headers. */
export function writeHead(
  response: ServerResponse,
  status: number,
  { type, headers }: Pick<HttpAnswer, 'type' | 'headers'>,
): void {
  response.writeHead(status, {
    'Content-Type': type ?? PLAIN_TEXT,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
    Connection: 'close',
  });
}

/**
 * Answers on a socket that Node.js no longer manages, and ends it. If the peer does not read the answer, its deadline
 * closes it.
 */
export function sendRaw(
  socket: Duplex,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const all = {
    Connection: 'close',
    'Content-Type': PLAIN_TEXT,
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}
