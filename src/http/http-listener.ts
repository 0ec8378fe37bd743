import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Observable } from 'rxjs';
import type { Clock } from '../util/clock.js';
import type { DescribeOption } from '../util/describe-option.js';
import { RejectedConnections } from '../net/rejected-connections.js';
import { addressesOf, listenOnFirst } from '../net/host-addresses.js';
import { listenError } from '../net/listen-error.js';
import { LISTEN_BACKLOG } from '../net/listen-limits.js';
import type { TlsSource } from '../net/tls.js';
import type { RejectedConnection } from '../net/rejected-connections.js';
import type { HttpLimits } from './limits.js';
import { PendingConnections } from './pending-connections.js';
import { HostCheck, type HostRefusal, listedHost } from './host-check.js';
import { send, sendRaw } from './responses.js';
import type { HttpPeer, ResolvedPeer } from './http-peer.js';
import { type HttpRoute, routeRequest } from './route.js';
import { createServer, type HttpServer } from './http-server.js';
import { type OriginRule, originRule } from './origins.js';
import { PeerAdmission } from './peer-admission.js';
import { RouteAnswers } from './route-answers.js';
import { normalizeSubprotocols } from './offered-subprotocols.js';

export interface HttpListenerOptions extends HttpLimits {
  readonly port: number;
  readonly host: string;
  readonly tls: TlsSource | undefined;
  /** The step that must complete within `handshakeMs`: `WebSocket upgrade`. */
  readonly awaited: string;
  readonly allowedOrigins: readonly string[];
  /** Additional host names that requests can use, beside those of {@link hostRule}. */
  readonly allowHosts: readonly string[];
  /** Reverse proxies whose headers are trusted: addresses and networks. */
  readonly trustedProxies: readonly string[];
  readonly routes: readonly HttpRoute[];
  readonly onRouteError: ((error: unknown) => void) | undefined;
  /** Names options in the texts of rejections. */
  readonly describeOption: DescribeOption;
  readonly clock: Clock;
}

/** Handlers for requests that no route accepts. */
export interface HttpListenerHandlers {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  /**
   * Called for a request to upgrade from an allowed origin. The handler must accept it ({@link HttpListener.accept}) or
   * refuse it.
   */
  readonly upgrade: (request: IncomingMessage, socket: Socket, head: Buffer, peer: HttpPeer) => void;
  /** Called if the port fails. */
  readonly failed: (error: Error) => void;
}

/** An open HTTP or HTTPS port with its limits. Identifies each peer, and checks its request and its permission. */
export class HttpListener {
  readonly address: AddressInfo;
  readonly rejected$: Observable<RejectedConnection>;
  readonly #options: HttpListenerOptions;
  readonly #server: HttpServer;
  readonly #mayUpgrade: OriginRule;
  /** The answer to a page of another origin. */
  readonly #wrongOrigin: string;
  readonly #hosts: HostCheck;
  readonly #rejected = new RejectedConnections();
  readonly #pending: PendingConnections;
  readonly #peers: PeerAdmission;
  readonly #routes: RouteAnswers;
  #closed: Promise<void> | undefined;

  /** @throws TransportError */
  static async open(options: HttpListenerOptions): Promise<HttpListener> {
    const mayUpgrade = originRule(options.allowedOrigins);
    const allowHosts = options.allowHosts.map(listedHost);
    const peers = new PeerAdmission(options);
    const server = createServer(options);
    const { port } = server;
    try {
      await listenOnFirst(await addressesOf(options.host), async ({ address }) => {
        port.listen({ port: options.port, host: address, backlog: LISTEN_BACKLOG });
        await once(port, 'listening'); // invariant: rejects with an `error` event
      });
    } catch (error) {
      server.release();
      throw listenError(error, options.host, options.port);
    }
    return new HttpListener(server, mayUpgrade, peers, { ...options, allowHosts });
  }

  private constructor(server: HttpServer, mayUpgrade: OriginRule, peers: PeerAdmission, options: HttpListenerOptions) {
    this.#server = server;
    this.#mayUpgrade = mayUpgrade;
    const option = options.describeOption('allowedOrigins');
    this.#wrongOrigin = `This router rejects web pages of this origin. Its operator can allow them with ${option}.`;
    this.#peers = peers;
    this.#options = options;
    // Invariant: a server that listens on a port, not on a pipe, has one.
    this.address = server.port.address() as AddressInfo;
    this.#hosts = new HostCheck({ ...options, listensOn: this.address.address, isEncrypted: this.isEncrypted });
    this.rejected$ = this.#rejected.observable;
    const { rate, isExempt } = peers;
    this.#pending = new PendingConnections({ ...options, faults: this.#rejected, rate, isExempt });
    this.#pending.watch(server);
    this.#routes = new RouteAnswers({
      ...options,
      onStream: (socket) => {
        this.#pending.leave(socket);
      },
    });
    server.http.on('clientError', this.#onClientError);
  }

  /** Starts to serve requests. Must be called in the turn of the event loop in which the port was opened. */
  serve(handlers: HttpListenerHandlers): void {
    const { http, port } = this.#server;
    http.on('request', (request, response) => {
      const refuse = (text: string): void => {
        this.#pending.reject(request.socket, 'refused', text);
        send(response, 503, text);
      };
      this.#identify(request, refuse, (peer) => {
        this.#onRequest(request, response, peer, handlers);
      });
    });
    http.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      const { socket } = request; // the same object as `stream`, with its actual type
      socket.on('error', ignore); // Node.js removed its listener; a `close` follows
      const refuse = (text: string): void => {
        this.refuse(socket, 503, text, { kind: 'refused', text });
      };
      this.#identify(request, refuse, (peer) => {
        this.#onUpgrade(request, stream, head, peer, handlers);
      });
    });
    port.on('error', (error) => {
      // A failed accept (too many open files) does not close the port.
      if (port.listening) return;
      this.#server.release();
      this.#rejected.complete();
      handlers.failed(error);
    });
  }

  /** Grants a request to upgrade that waits for its turn. The connection no longer counts as half-open. */
  grant(socket: Socket): void {
    this.#pending.grant(socket);
  }

  /** Marks a connection as upgraded: removes its deadline and no longer counts it as half-open. */
  accept(socket: Socket): void {
    this.#pending.leave(socket);
  }

  /** Rejects a request to upgrade and reports it. The socket keeps its deadline until it closes. */
  refuse(
    socket: Socket,
    status: number,
    answer: string,
    { kind, text }: Pick<RejectedConnection, 'kind' | 'text'>,
    headers?: Readonly<Record<string, string>>,
  ): void {
    this.#pending.reject(socket, kind, text);
    sendRaw(socket, status, answer, headers);
  }

  /** Closes the port, and all connections that are not accepted yet. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    // Not awaited: the callback runs when the last socket closes, and upgraded sockets stay open. The port itself is
    // released immediately.
    this.#server.port.close();
    this.#server.release();
    this.#peers.clear();
    this.#pending.clear();
    this.#routes.clear();
    this.#rejected.complete();
    await new Promise((resolve) => setImmediate(resolve));
  }

  #identify(request: IncomingMessage, refuse: (text: string) => void, proceed: (peer: ResolvedPeer) => void): void {
    const { socket } = request;
    const peer = this.#peers.peerOf(request);
    if (peer.isForwarded) this.#pending.identify(socket, peer);
    this.#peers.admit(peer, socket, { proceed, refuse });
  }

  #onRequest(
    request: IncomingMessage,
    response: ServerResponse,
    peer: ResolvedPeer,
    handlers: HttpListenerHandlers,
  ): void {
    const excess = this.#excessHeaders(request);
    if (excess !== undefined) {
      this.#pending.reject(request.socket, 'refused', excess);
      send(response, 431, excess);
      return;
    }
    const wrongHost = this.#hosts.refusal(peer);
    if (wrongHost !== undefined) {
      this.#pending.reject(request.socket, 'refused', wrongHost.text);
      send(response, 403, wrongHost.answer);
      return;
    }
    this.#pending.settle(request.socket);
    const asked = this.#options.routes.length === 0 ? undefined : routeRequest(request, peer);
    if (asked === undefined) handlers.request(request, response);
    else void this.#routes.answer(asked, request, response, handlers.request);
  }

  #onUpgrade(
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    peer: ResolvedPeer,
    handlers: HttpListenerHandlers,
  ): void {
    const { socket } = request;
    if (!this.#pending.isExpected(socket)) {
      socket.destroy(); // a second request after an answered one: only one per connection
      return;
    }
    const excess = this.#excessHeaders(request);
    if (excess !== undefined) {
      this.refuse(socket, 431, excess, { kind: 'refused', text: excess });
      return;
    }
    const wrongPage = this.#refusalOfPage(request, peer);
    if (wrongPage !== undefined) {
      this.refuse(socket, 403, wrongPage.answer, { kind: 'refused', text: wrongPage.text });
      return;
    }
    normalizeSubprotocols(request.headers);
    try {
      if (this.#options.routes.some((route) => route.upgrade?.(request, stream, head, peer) === true)) {
        this.accept(socket);
        return;
      }
    } catch (error) {
      this.#options.onRouteError?.(error);
      this.#pending.settle(socket);
      sendRaw(socket, 500, 'internal error');
      return;
    }
    handlers.upgrade(request, socket, head, peer);
  }

  /** Checks the origin of a web page, and the host on which it can depend. Other clients send no origin. */
  #refusalOfPage({ headers }: IncomingMessage, peer: ResolvedPeer): HostRefusal | undefined {
    const { origin, 'sec-websocket-origin': oldOrigin } = headers;
    if (origin === undefined && oldOrigin === undefined) return undefined;
    const origins = [origin, oldOrigin].flat().filter((one) => one !== undefined);
    const { host, isForwarded } = peer;
    const wrongHost = this.#hosts.refusal(peer);
    const claim = { host, isHostAllowed: wrongHost === undefined, isForwarded };
    const verdicts = origins.map((origin) => this.#mayUpgrade({ ...claim, origin }));
    if (verdicts.includes('origin')) {
      return { answer: this.#wrongOrigin, text: 'a web page of an origin that is not allowed' };
    }
    return verdicts.includes('host') ? wrongHost : undefined;
  }

  get isEncrypted(): boolean {
    return this.#server.tls !== undefined;
  }

  /** Returns an error text if there are too many headers. Node.js would silently omit the excess ones. */
  #excessHeaders({ rawHeaders }: IncomingMessage): string | undefined {
    const { maxHeaders } = this.#options;
    return rawHeaders.length / 2 > maxHeaders ? `more than ${maxHeaders} headers` : undefined;
  }

  /** Handles input that is not HTTP or not TLS. The texts come from this module and the parser, not from the peer. */
  readonly #onClientError = (error: Error & { readonly code?: string }, socket: Duplex): void => {
    const { code = '' } = error;
    const isInTouch = socket instanceof Socket && !this.#pending.failHandshake(socket, error);
    if (!isInTouch || !this.#pending.isExpected(socket) || !code.startsWith('HPE_')) {
      socket.destroy(); // the peer has disconnected, or receives an answer already
      return;
    }
    if (code === 'HPE_HEADER_OVERFLOW') {
      const text = `more than ${this.#options.maxHeaderBytes} bytes of headers`;
      this.refuse(socket, 431, text, { kind: 'refused', text });
    } else {
      const text = `its HTTP request cannot be read (${code})`;
      this.refuse(socket, 400, 'this is not an HTTP request', { kind: 'handshake', text });
    }
  };
}

function ignore(): void {
  // no action
}
