import type { Socket } from 'node:net';
import type { Clock } from '../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../util/peer-deadline.js';
import type { ConnectRate } from '../net/connect-rate.js';
import type { RejectedConnections, RejectedSource } from '../net/rejected-connections.js';
import type { ListenLimits } from '../net/listen-limits.js';
import { SocketAdmission } from '../net/socket-admission.js';
import type { RejectedConnection } from '../net/rejected-connections.js';
import type { HttpServer } from './http-server.js';

export interface PendingConnectionsOptions extends ListenLimits {
  /** The step that must complete within `handshakeMs`: `WebSocket upgrade`. */
  readonly awaited: string;
  readonly clock: Clock;
  readonly faults: RejectedConnections;
  /** Like `rate` of {@link SocketAdmission}; also `isExempt`. */
  readonly rate?: ConnectRate | undefined;
  readonly isExempt?: ((address: string | undefined) => boolean) | undefined;
}

/** A TCP connection whose handshake is incomplete. */
interface PendingConnection {
  readonly socket: Socket;
  /** Retained, because a closed socket does not return its address. */
  source: RejectedSource;
  /** Deadline of the handshake. */
  readonly deadline: PeerDeadline;
  /** Listens to the close of the socket. */
  readonly onClose: () => void;
  inHandshake: boolean;
  /** Whether the connection was answered or its rejection was reported. Nothing more is reported for it. */
  settled: boolean;
}

/**
 * Connections that are not upgraded yet. Limits decide when a connection starts its handshake. Until then it waits and
 * is not read. From then on, one deadline covers the TLS handshake, the request and the upgrade. A connection that
 * misses it is closed.
 */
export class PendingConnections {
  readonly #options: PendingConnectionsOptions;
  #server: HttpServer | undefined;
  readonly #admission: SocketAdmission;
  readonly #pending = new Map<Socket, PendingConnection>();
  /**
   * TCP sockets in a TLS handshake, by {@link endpointsOf}: Node.js does not expose which encrypted socket belongs to
   * which.
   */
  readonly #handshaking = new Map<string, Socket>();
  /** The TCP socket below each encrypted socket. */
  readonly #below = new WeakMap<Socket, Socket>();

  constructor(options: PendingConnectionsOptions) {
    this.#options = options;
    this.#admission = new SocketAdmission({
      ...options,
      admit: this.#admit,
      refused: (source, text) => {
        options.faults.report('refused', source, text);
      },
      cutOff: this.#cutOff,
    });
  }

  /** Passes the sockets that a server accepts to its HTTP or HTTPS part. */
  watch(server: HttpServer): void {
    this.#server = server;
    server.port.on('connection', (socket: Socket) => {
      this.#admission.arrive(socket);
    });
    server.tls?.on('secureConnection', this.#endHandshake);
  }

  /** Returns whether a socket is open and was neither answered nor rejected. */
  isExpected(socket: Socket): boolean {
    return this.#pendingOf(socket)?.settled === false;
  }

  /** Records the peer behind a proxy. Rejections then report its address. */
  identify(socket: Socket, { address, port }: RejectedSource): void {
    const connection = this.#pendingOf(socket);
    if (connection !== undefined) connection.source = { address, port };
  }

  /** Grants a request to upgrade. The connection no longer counts as half-open but keeps its deadline. */
  grant(socket: Socket): void {
    const connection = this.#pendingOf(socket);
    if (connection !== undefined) this.#admission.leave(connection.socket);
  }

  /** Removes an upgraded connection and its deadline. */
  leave(socket: Socket): void {
    const connection = this.#pendingOf(socket);
    if (connection === undefined) return;
    connection.deadline.clear();
    connection.socket.off('close', connection.onClose); // it would keep the connection and its deadline in memory
    this.#pending.delete(connection.socket);
    this.#admission.leave(connection.socket);
  }

  /** Marks a connection as answered. It must still close before its deadline. */
  settle(socket: Socket): void {
    const connection = this.#pendingOf(socket);
    if (connection !== undefined) connection.settled = true;
  }

  /** Reports a rejection once. The caller must still answer or close the connection. */
  reject(socket: Socket, kind: RejectedConnection['kind'], text: string): void {
    const connection = this.#pendingOf(socket);
    if (connection?.settled === false) this.#report(connection, kind, text);
  }

  /**
   * Reports a socket whose TLS handshake failed.
   *
   * @returns false if its TLS handshake was complete: the error is then not a TLS error
   */
  failHandshake(secured: Socket, error: Error): boolean {
    if (this.#below.has(secured) || this.#pending.has(secured)) return false;
    const socket = this.#handshaking.get(endpointsOf(secured));
    const connection = socket && this.#pending.get(socket);
    // If the connection is unknown, the close of its TCP socket reports it.
    if (connection?.settled === false) this.#report(connection, 'handshake', handshakeFault(error));
    return true;
  }

  /** Closes all pending connections. */
  clear(): void {
    this.#admission.clear();
    for (const socket of this.#pending.keys()) socket.destroy();
  }

  #pendingOf(socket: Socket): PendingConnection | undefined {
    return this.#pending.get(this.#below.get(socket) ?? socket);
  }

  #report(connection: PendingConnection, kind: RejectedConnection['kind'], text: string): void {
    connection.settled = true;
    this.#options.faults.report(kind, connection.source, text);
  }

  readonly #admit = (socket: Socket, source: RejectedSource): void => {
    const { clock, handshakeMs } = this.#options;
    const { http, tls } = this.#server!; // invariant: the server that delivered the socket
    const deadline = setPeerDeadline(clock, () => this.#expire(connection), handshakeMs);
    const onClose = (): void => {
      // A peer that sent no bytes, such as a monitoring probe, is not a fault.
      const begun = connection.inHandshake && socket.bytesRead > 0;
      if (begun && !connection.settled) this.#report(connection, 'handshake', HUNG_UP);
      this.leave(socket);
    };
    const inHandshake = tls !== undefined;
    const connection: PendingConnection = { socket, source, deadline, onClose, inHandshake, settled: false };
    this.#pending.set(socket, connection);
    socket.once('close', onClose);
    if (tls !== undefined) this.#beginHandshake(socket);
    http.emit('connection', socket);
    if (tls === undefined) socket.resume(); // TLS reads from it
  };

  readonly #cutOff = (socket: Socket, ageSeconds: number, reason: string): void => {
    const connection = this.#pending.get(socket);
    if (connection?.settled === false) {
      this.#report(connection, 'timeout', `no ${this.#missing(connection)} within ${ageSeconds} s: ${reason}`);
    }
    socket.destroy();
  };

  #missing({ inHandshake }: PendingConnection): string {
    return inHandshake ? 'TLS handshake' : this.#options.awaited;
  }

  #expire(connection: PendingConnection): void {
    const { handshakeMs } = this.#options;
    if (!connection.settled) {
      this.#report(connection, 'timeout', `no ${this.#missing(connection)} within ${handshakeMs / 1_000} s`);
    }
    connection.socket.destroy();
  }

  #beginHandshake(socket: Socket): void {
    const endpoints = endpointsOf(socket);
    this.#handshaking.set(endpoints, socket);
    socket.once('close', () => {
      // A new connection can have the same endpoints before the close of the old socket is reported.
      if (this.#handshaking.get(endpoints) === socket) this.#handshaking.delete(endpoints);
    });
  }

  readonly #endHandshake = (secured: Socket): void => {
    const endpoints = endpointsOf(secured);
    const socket = this.#handshaking.get(endpoints);
    const connection = socket && this.#pending.get(socket);
    if (connection === undefined) {
      // The peer has already disconnected, so its address is unknown.
      secured.destroy();
      return;
    }
    connection.inHandshake = false;
    this.#handshaking.delete(endpoints);
    this.#below.set(secured, connection.socket);
  };
}

const HUNG_UP = 'it disconnected during its TLS handshake';

/** Returns the reason of OpenSSL (`http request`, `unsupported protocol`). It contains no bytes of the peer. */
function handshakeFault(error: Error): string {
  const reason: unknown = Reflect.get(error, 'reason');
  return typeof reason === 'string' ? `its TLS handshake failed: ${reason}` : HUNG_UP;
}

/**
 * Returns both ends of a connection as a key. They are unknown if the peer has disconnected; such a handshake never
 * succeeds.
 */
function endpointsOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}
