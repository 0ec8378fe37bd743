import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type WebSocket, WebSocketServer } from 'ws';
import type { FeedMessage, PageMessage, View } from '../../../src/inspector/feed.js';

const root = new URL('../../../', import.meta.url);
const types: Readonly<Record<string, string>> = {
  html: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  svg: 'image/svg+xml',
};

/** The router's policy. */
const policy = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The built page, with a feed that the test controls. */
export class FakeFeed {
  /** Messages from the page, in order. */
  readonly asked: PageMessage[] = [];
  /** Returns the answers to a message of the page. */
  answer: (message: PageMessage) => readonly FeedMessage[] = () => [];
  /** Sent first to each page that connects. */
  greeting: readonly FeedMessage[] = [];
  readonly #http: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #listeners = new Set<() => void>();

  private constructor(http: Server) {
    this.#http = http;
    http.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (page) => {
        this.#serve(page);
        this.#sockets.emit('connection', page);
      });
    });
  }

  /** @throws Error if the page is not built */
  static async start(): Promise<FakeFeed> {
    if (!existsSync(fileOf('/inspect'))) throw new Error('dist/inspector/page does not exist: run npm run build');
    const http = createServer(({ url = '' }, response) => {
      const file = fileOf(url);
      try {
        const body = readFileSync(file);
        const type = types[fileURLToPath(file).split('.').at(-1) ?? ''] ?? 'application/octet-stream';
        response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return new FakeFeed(http);
  }

  get url(): string {
    const { port } = this.#http.address() as AddressInfo; // it listens on TCP
    return `http://127.0.0.1:${port}/inspect`;
  }

  send(...messages: readonly FeedMessage[]): void {
    for (const page of this.#sockets.clients) for (const message of messages) page.send(JSON.stringify(message));
  }

  /** Disconnects every page. */
  drop(): void {
    for (const page of this.#sockets.clients) page.terminate();
  }

  /** Resolves with the first matching message of the page, received or future. */
  async heard<T extends PageMessage>(fits: (message: PageMessage) => message is T): Promise<T> {
    for (;;) {
      const found = this.asked.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  /** Resolves when a page is connected. */
  async joined(): Promise<void> {
    while (this.#sockets.clients.size === 0) {
      await new Promise<void>((resolve) => this.#sockets.once('connection', () => resolve()));
    }
  }

  async stop(): Promise<void> {
    this.drop();
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }

  #serve(page: WebSocket): void {
    const say = (messages: readonly FeedMessage[]): void => {
      for (const message of messages) page.send(JSON.stringify(message));
    };
    page.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as PageMessage; // the page comes from the same source
      this.asked.push(message);
      say(this.answer(message));
      const waiting = [...this.#listeners];
      this.#listeners.clear();
      for (const listener of waiting) listener();
    });
    say(this.greeting);
  }
}

/** Returns a filter for the page's requests of a view. */
export function watches(view: View): (message: PageMessage) => message is Extract<PageMessage, { type: 'watch' }> {
  return (message): message is Extract<PageMessage, { type: 'watch' }> =>
    message.type === 'watch' && message.view === view;
}

function fileOf(url: string): URL {
  const path = url.split('?')[0] ?? '';
  if (path === '/inspect/elk.js') return new URL('node_modules/elkjs/lib/elk.bundled.js', root);
  const name = path.replace(/^\/inspect\/?/, '');
  return new URL(`dist/inspector/page/${name === '' ? 'index.html' : name}`, root);
}
