import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Observable } from 'rxjs';
import { BufferedSubject } from '../../net/buffered-subject.js';
import type { Connection, Listener } from '../transport.js';
import type { ListenAddress } from '../../net/listen-address.js';
import type { RejectedConnection } from '../../net/rejected-connections.js';
import { TransportError } from '../../net/transport-error.js';
import { TickBudgetQueue } from '../../net/tick-budget-queue.js';
import { WebSocketConnection } from './connection.js';
import { SUBPROTOCOL_CBOR } from './constants.js';
import { answerHttp, defaultPage } from '../../http/responses.js';
import { HttpListener, type HttpListenerOptions } from '../../http/http-listener.js';
import type { HttpPeer } from '../../http/http-peer.js';
import { answerUpgrade, SUPPORTED_VERSIONS } from './handshake.js';
import { UnfinishedMessages } from './unfinished-messages.js';

/** The options of `webSocket()` with defaults applied. */
export interface WebSocketListenerOptions extends HttpListenerOptions {
  readonly maxFrameBytes: number;
  readonly pingIntervalMs: number;
  readonly statusPage: (() => string) | undefined;
  readonly allowClaspV2: boolean;
}

/**
 * An HTTP or HTTPS port whose upgrades become connections.
 */
export class WebSocketListener implements Listener {
  readonly addresses: readonly ListenAddress[];
  readonly connections$: Observable<Connection>;
  readonly rejected$: Observable<RejectedConnection>;
  readonly #options: WebSocketListenerOptions;
  readonly #http: HttpListener;
  readonly #upgrades = new TickBudgetQueue<Upgrade>({
    perTurn: UPGRADES_PER_TURN,
    pass: (upgrade) => {
      this.#upgrade(upgrade);
    },
  });
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
    this.#http.grant(socket);
    this.#upgrades.push({ request, socket, head, from });
  };

  #upgrade({ request, socket, head, from }: Upgrade): void {
    if (socket.destroyed) return; // it closed or was rejected while it waited
    const { allowClaspV2, maxFrameBytes, pingIntervalMs, clock } = this.#options;
    const upgrade = answerUpgrade(request, allowClaspV2);
    if ('fault' in upgrade) {
      const { status, fault } = upgrade;
      const rejection = { kind: 'handshake', text: `its WebSocket upgrade is invalid: ${fault}` } as const;
      this.#http.refuse(socket, status, fault, rejection, { 'Sec-WebSocket-Version': SUPPORTED_VERSIONS });
      return;
    }
    if (!socket.readable || !socket.writable) {
      socket.destroy(); // the peer has ended its side
      return;
    }
    this.#http.accept(socket);
    const { remoteAddress, isForwarded } = from;
    socket.write(upgrade.answer, 'latin1');
    this.#connections.next(
      new WebSocketConnection(socket, head, {
        encoding: upgrade.subprotocol === SUBPROTOCOL_CBOR ? 'cbor' : undefined,
        remoteAddress,
        isForwarded,
        maxFrameBytes,
        pingIntervalMs,
        clock,
        unfinished: this.#unfinished,
      }),
    );
  }
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
