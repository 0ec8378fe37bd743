import type { IncomingMessage, ServerResponse } from 'node:http';

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

/**
 * Answers a plain HTTP request on the WebSocket port: a page for people who open it in a browser, `ok` for the probes of
 * load balancers (router.md 18). One answer a connection, so nobody stays at the door; bodies are never read.
 */
export function answerHttp(request: IncomingMessage, response: ServerResponse, statusPage: () => string): void {
  if (request.method !== 'GET') {
    send(response, 200, 'text/plain; charset=utf-8', 'ok');
    return;
  }
  let page: string;
  try {
    page = statusPage();
  } catch {
    // A page that cannot be made is no reason to stop routing; whoever asked for it sees that something is wrong.
    send(response, 500, 'text/plain; charset=utf-8', 'the status page failed');
    return;
  }
  send(response, 200, 'text/html; charset=utf-8', page);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  });
  response.end(body); // Node leaves the body out where the method is HEAD
}
