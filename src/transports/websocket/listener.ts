import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Observable } from 'rxjs';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../clock.js';
import { HeldSubject } from '../held-subject.js';
import { listenError } from '../listen-error.js';
import type { TlsSource } from '../tls.js';
import { type Connection, type ListenAddress, type Listener, TransportError } from '../transport.js';
import { WebSocketConnection } from './connection.js';
import { MAX_TEXT_BYTES, SUBPROTOCOL, SUBPROTOCOL_CBOR, SUBPROTOCOL_V2 } from './constants.js';
import { Doorstep } from './doorstep.js';
import { answerHttp, defaultPage } from './http-answers.js';
import { createServer, type HttpServer } from './http-server.js';

/** The options of `webSocket()` with the defaults filled in. */
export interface WebSocketListenerOptions {
  readonly port: number;
  readonly host: string;
  readonly maxFrameBytes: number;
  readonly tls: TlsSource | undefined;
  readonly handshakeMs: number;
  readonly pingIntervalMs: number;
  readonly statusPage: (() => string) | undefined;
  readonly allowClaspV2: boolean;
  readonly clock: Clock;
}

/** An HTTP or HTTPS server whose upgrades become connections. `ws` does the handshake; the sockets stay in our hands. */
export class WebSocketListener implements Listener {
  readonly addresses: readonly ListenAddress[];
  readonly connections$: Observable<Connection>;
  readonly #options: WebSocketListenerOptions;
  readonly #server: HttpServer;
  readonly #webSockets: WebSocketServer;
  readonly #connections = new HeldSubject<Connection>();
  readonly #doorstep: Doorstep;
  #closed: Promise<void> | undefined;

  /** @throws TransportError */
  static async open(options: WebSocketListenerOptions): Promise<WebSocketListener> {
    const server = createServer(options.tls);
    const { http } = server;
    try {
      await new Promise<void>((resolve, reject) => {
        http.once('error', reject);
        http.listen({ port: options.port, host: options.host }, () => {
          http.removeListener('error', reject);
          resolve();
        });
      });
    } catch (error) {
      server.release();
      throw listenError(error, options.host, options.port);
    }
    // A server that listens on a port, not on a pipe, has an AddressInfo.
    return new WebSocketListener(server, http.address() as AddressInfo, options);
  }

  private constructor(server: HttpServer, address: AddressInfo, options: WebSocketListenerOptions) {
    this.#server = server;
    this.#options = options;
    this.connections$ = this.#connections.observable;
    const scheme = options.tls === undefined ? 'ws' : 'wss';
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    this.addresses = [
      { transport: 'websocket', host: address.address, port: address.port, url: `${scheme}://${host}:${address.port}` },
    ];
    this.#doorstep = new Doorstep(options);
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Off: writes past ws would not be compressed, and a frame that waits for zlib would change the order.
      perMessageDeflate: false,
      maxPayload: Math.max(options.maxFrameBytes, MAX_TEXT_BYTES),
      handleProtocols: (offered) => chooseSubprotocol(offered, options.allowClaspV2),
    });
    this.#doorstep.watch(server);
    const statusPage = options.statusPage ?? (() => defaultPage(scheme));
    server.http.on('request', (request, response) => {
      answerHttp(request, response, statusPage);
    });
    server.http.on('upgrade', this.#onUpgrade);
    server.http.on('error', (error) => {
      // An accept that failed (too many open files) leaves the door open.
      if (server.http.listening) return;
      server.release();
      this.#connections.error(new TransportError(`the WebSocket port broke: ${error.message}`, { cause: error }));
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // Not waited for: its callback comes when the last socket has gone, and upgraded ones are meant to live on. The port
    // itself is given back here and now.
    this.#server.http.close();
    this.#server.release();
    this.#doorstep.clear();
    this.#connections.complete();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** A request to upgrade. One that `ws` refuses (400, 405) keeps its deadline until the socket is closed. */
  readonly #onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    const socket = request.socket; // the same object as `stream`, with the type it has
    this.#webSockets.handleUpgrade(request, stream, head, (peer) => {
      this.#doorstep.leave(socket);
      const { maxFrameBytes, pingIntervalMs, clock } = this.#options;
      const encoding = peer.protocol === SUBPROTOCOL_CBOR ? 'cbor' : undefined;
      this.#connections.next(new WebSocketConnection(peer, socket, { encoding, maxFrameBytes, pingIntervalMs, clock }));
    });
  };
}

/** One of ours if it was offered. Without one the answer names none, and the client decides whether that will do. */
function chooseSubprotocol(offered: ReadonlySet<string>, allowClaspV2: boolean): string | false {
  if (offered.has(SUBPROTOCOL)) return SUBPROTOCOL;
  if (offered.has(SUBPROTOCOL_CBOR)) return SUBPROTOCOL_CBOR;
  return allowClaspV2 && offered.has(SUBPROTOCOL_V2) ? SUBPROTOCOL_V2 : false;
}
