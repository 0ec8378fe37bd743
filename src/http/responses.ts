import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type HttpAnswer, targetOf } from './route.js';

const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** What a browser sees where no other page was given. */
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

/** Methods of `/`. POST and OPTIONS are probes of load balancers (router.md 18). */
const ROOT_METHODS = 'GET, HEAD, POST, OPTIONS';

/**
 * Answers a plain HTTP request that no route has taken: the status page at `/` (GET, HEAD), `ok` there for the probes of load balancers
 * (POST, OPTIONS), 405 for other methods, 404 for every other path. Bodies are never read.
 */
export function answerHttp(request: IncomingMessage, response: ServerResponse, statusPage: () => string): void {
  const { method = '', url = '' } = request;
  const path = targetOf(url)?.[0];
  // `OPTIONS *` asks about the server as a whole (RFC 9110, section 9.3.7).
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
    // A page that cannot be made is no reason to stop routing. 500 shows the caller that something is wrong.
    send(response, 500, 'the status page failed');
    return;
  }
  send(response, 200, page, { type: 'text/html; charset=utf-8' });
}

/** One answer a connection, so nobody stays at the door. */
export function send(
  response: ServerResponse,
  status: number,
  body: string | Uint8Array,
  { type, headers }: Pick<HttpAnswer, 'type' | 'headers'> = {},
): void {
  writeHead(response, status, { type, headers: { 'Content-Length': String(Buffer.byteLength(body)), ...headers } });
  response.end(body); // Node leaves the body out where the method is HEAD
}

/** The status line and the headers of every answer. */
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

/** Answers on a socket that Node no longer looks after, and ends it. A peer that does not read it is cut off at its deadline. */
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
