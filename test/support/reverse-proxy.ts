import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request, type RequestOptions, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Returns the headers for the upstream. @param from address of the peer of the proxy */
export type RewriteHeaders = (headers: IncomingHttpHeaders, from: string) => IncomingHttpHeaders;

/** Like nginx with only `proxy_pass`: the Host of the upstream, and nothing about the peer. */
export const plainProxyPass: RewriteHeaders = (headers) => ({ ...headers, host: 'localhost' });

/**
 * Like nginx with `proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for`, and Caddy: appends the peer to the
 * existing header.
 */
export const addsForwardedFor: RewriteHeaders = (headers, from) => {
  const before = headers['x-forwarded-for'];
  return { ...headers, 'x-forwarded-for': before === undefined ? from : `${String(before)}, ${from}` };
};

/** A reverse proxy in this process, for plain requests and upgrades. */
export class ReverseProxy {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  /**
   * @param upstreamPort on 127.0.0.1
   * @param rewrite returns the headers for the upstream
   */
  static async start(upstreamPort: number, rewrite: RewriteHeaders): Promise<ReverseProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ReverseProxy(server, upstreamPort, rewrite);
  }

  private constructor(server: Server, upstreamPort: number, rewrite: RewriteHeaders) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on TCP
    const target = (headers: IncomingHttpHeaders, socket: Socket): RequestOptions => ({
      host: '127.0.0.1',
      port: upstreamPort,
      headers: rewrite(headers, socket.remoteAddress ?? 'unknown'),
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (asked, answer) => {
      const { method, url: path, headers, socket } = asked;
      const upstream = request({ ...target(headers, socket), method, path }, (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers);
        given.pipe(answer);
      });
      upstream.on('error', () => answer.destroy());
      asked.pipe(upstream);
    });
    server.on('upgrade', (asked, client: Socket, head) => {
      const { method, url: path, headers } = asked;
      const upstream = request({ ...target(headers, client), method, path });
      client.on('error', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
      upstream.on('response', (given) => {
        const lines = Object.entries(given.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
        client.write(`HTTP/1.1 ${given.statusCode ?? 502} ${given.statusMessage ?? ''}\r\n${lines.join('')}\r\n`);
        given.pipe(client);
      });
      upstream.on('upgrade', (given, server_, first) => {
        const lines = Object.entries(given.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
        client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
        client.write(first);
        server_.write(head);
        server_.on('error', () => client.destroy());
        client.pipe(server_).pipe(client);
      });
      upstream.end();
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
