import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Observable } from 'rxjs';
import { WebSocketServer } from 'ws';
import { BufferedSubject } from '../../net/buffered-subject.js';
import type { Connection, Listener } from '../transport.js';
import type { ListenAddress } from '../../net/listen-address.js';
import type { RejectedConnection } from '../../net/rejected-connections.js';
import { TransportError } from '../../net/transport-error.js';
import { TickBudgetQueue } from '../../net/tick-budget-queue.js';
import { WebSocketConnection } from './connection.js';
import { MAX_CHUNKS, MAX_FRAGMENTS, MAX_PENDING_PONGS, MAX_TEXT_BYTES, SUBPROTOCOL_CBOR } from './constants.js';
import { answerHttp, defaultPage } from '../../http/responses.js';
import { HttpListener, type HttpListenerOptions } from '../../http/http-listener.js';
import type { HttpPeer } from '../../http/http-peer.js';
import { chooseSubprotocol } from './subprotocols.js';
import { UnfinishedMessages } from './unfinished-messages.js';

/** The options of `webSocket()` with defaults applied. */
export interface WebSocketListenerOptions extends HttpListenerOptions {
  readonly maxFrameBytes: number;
  readonly pingIntervalMs: number;
  readonly statusPage: (() => string) | undefined;
  readonly allowClaspV2: boolean;
}

/**
 * An HTTP or HTTPS port whose upgrades become connections. `ws` performs the handshake; this library keeps the sockets.
 */
export class WebSocketListener implements Listener {
  readonly addresses: readonly ListenAddress[];
  readonly connections$: Observable<Connection>;
  readonly rejected$: Observable<RejectedConnection>;
  readonly #options: WebSocketListenerOptions;
  readonly #http: HttpListener;
  readonly #upgrades = new TickBudgetQueue<Upgrade>({
    perTurn: UPGRADES_PER_TURN,
    pass: (upgrade) => this.#upgrade(upgrade),
  });
  readonly #webSockets: WebSocketServer;
  readonly #connections = new BufferedSubject<Connection>();
  readonly #unfinished = new UnfinishedMessages();

  /** @throws TransportError */
  static async open(options: WebSocketListenerOptions): Promise<WebSocketListener> {
    return new WebSocketListener(await HttpListener.open(options), options);
  }

  private constructor(http: HttpListener, options: WebSocketListenerOptions) {
    this.#http = http;
    this.#options = options;
    this.connections$ = this.#connections.observable;
    this.rejected$ = http.rejected$;
    const { address, family, port } = http.address;
    const scheme = http.isEncrypted ? 'wss' : 'ws';
    const host = family === 'IPv6' ? `[${address}]` : address;
    this.addresses = [{ transport: 'websocket', host: address, port, url: `${scheme}://${host}:${port}` }];
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      // Disabled for three reasons: writes that bypass `ws` would not be compressed, a frame that waits for zlib would
      // change the order, and small compressed input could expand to large messages.
      perMessageDeflate: false,
      maxPayload: Math.max(options.maxFrameBytes, MAX_TEXT_BYTES),
      ...messageLimits,
      handleProtocols: (offered) => chooseSubprotocol(offered, options.allowClaspV2),
    });
    this.#webSockets.on('wsClientError', this.#onBadUpgrade);
    const statusPage = options.statusPage ?? (() => defaultPage(scheme));
    http.serve({
      request: (request, response) => {
        answerHttp(request, response, statusPage);
      },
      upgrade: this.#onUpgrade,
      failed: (error) => {
        this.#connections.error(new TransportError(`the WebSocket port failed: ${error.message}`, { cause: error }));
      },
    });
  }

  close(): Promise<void> {
    this.#connections.complete();
    return this.#http.close();
  }

  readonly #onUpgrade = (request: IncomingMessage, socket: Socket, head: Buffer, from: HttpPeer): void => {
    socket.on('error', ignore); // until `ws` listens, and the connection after it
    this.#http.grant(socket);
    this.#upgrades.push({ request, socket, head, from });
  };

  readonly #upgrade = ({ request, socket, head, from }: Upgrade): void => {
    if (socket.destroyed) return; // it closed or was rejected while it waited
    this.#webSockets.handleUpgrade(request, socket, head, (peer) => {
      this.#http.accept(socket);
      const { maxFrameBytes, pingIntervalMs, clock } = this.#options;
      const encoding = peer.protocol === SUBPROTOCOL_CBOR ? 'cbor' : undefined;
      const { remoteAddress, isForwarded } = from;
      const options = { remoteAddress, isForwarded, maxFrameBytes, pingIntervalMs, clock };
      this.#connections.next(
        new WebSocketConnection(peer, socket, { ...options, encoding, unfinished: this.#unfinished }),
      );
    });
  };

  /** Handles a request that `ws` rejects. The text comes from `ws`: `Missing or invalid Sec-WebSocket-Key header`. */
  readonly #onBadUpgrade = ({ message }: Error, _stream: Duplex, { socket, method }: IncomingMessage): void => {
    const fault = { kind: 'handshake', text: `its WebSocket upgrade is invalid: ${message}` } as const;
    this.#http.refuse(socket, method === 'GET' ? 400 : 405, message, fault, { 'Sec-WebSocket-Version': '13, 8' });
  };
}

/** A request that can be granted. */
interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  readonly head: Buffer;
  readonly from: HttpPeer;
}

/**
 * Handshakes per turn of the event loop. Each costs about 0.4 ms, including the start of its session. When 5,000
 * clients reconnect at once, connected clients are served every few milliseconds instead of after seconds.
 */
const UPGRADES_PER_TURN = 16;

function ignore(): void {
  // a close follows
}

/** Options of `ws` that its types do not contain yet. */
const messageLimits: object = {
  maxFragments: MAX_FRAGMENTS,
  maxBufferedChunks: MAX_CHUNKS,
  maxPendingAutoPongs: MAX_PENDING_PONGS,
};
