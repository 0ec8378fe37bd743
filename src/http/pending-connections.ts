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
  /** What has to happen within `handshakeMs`: `WebSocket upgrade`. */
  readonly awaited: string;
  readonly clock: Clock;
  readonly faults: RejectedConnections;
  /** As in {@link SocketAdmission}, as `isExempt`. */
  readonly rate?: ConnectRate | undefined;
  readonly isExempt?: ((address: string | undefined) => boolean) | undefined;
}

/** Somebody at the door, known by his TCP socket. */
interface PendingConnection {
  readonly socket: Socket;
  /** Kept, because a socket that has gone no longer knows. */
  source: RejectedSource;
  /** Ends its time. */
  readonly deadline: PeerDeadline;
  inHandshake: boolean;
  /** He had an answer, or was told of as a fault: nothing more is to be told of him. */
  settled: boolean;
}

/**
 * The connections that are not upgraded yet. Limits decide when one begins its handshake; until then it waits and is not read.
 * From then on one deadline covers the TLS handshake, the request and the upgrade. A connection that misses it is closed.
 */
export class PendingConnections {
  readonly #options: PendingConnectionsOptions;
  #server: HttpServer | undefined;
  readonly #admission: SocketAdmission;
  readonly #pending = new Map<Socket, PendingConnection>();
  /** TCP sockets in a TLS handshake, by {@link endpointsOf}: Node does not say which encrypted socket belongs to which. */
  readonly #handshaking = new Map<string, Socket>();
  /** The TCP socket below each encrypted one. */
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

  /** Passes the sockets that a server accepts from now on to its HTTP or HTTPS part. */
  watch(server: HttpServer): void {
    this.#server = server;
    server.port.on('connection', (socket: Socket) => {
      this.#admission.arrive(socket);
    });
    server.tls?.on('secureConnection', this.#endHandshake);
  }

  /** Whether a socket is still here, and has had neither an answer nor a refusal. */
  isExpected(socket: Socket): boolean {
    return this.#pendingOf(socket)?.settled === false;
  }

  /** The peer behind a proxy is known by now: faults tell its address. */
  identify(socket: Socket, { address, port }: RejectedSource): void {
    const connection = this.#pendingOf(socket);
    if (connection !== undefined) connection.source = { address, port };
  }

  /** Its request to upgrade is granted. It no longer counts as half open, but keeps its deadline. */
  grant(socket: Socket): void {
    const connection = this.#pendingOf(socket);
    if (connection !== undefined) this.#admission.leave(connection.socket);
  }

  /** This one is in: its time no longer runs. */
  leave(socket: Socket): void {
    const connection = this.#pendingOf(socket);
    if (connection === undefined) return;
    connection.deadline.clear();
    this.#pending.delete(connection.socket);
    this.#admission.leave(connection.socket);
  }

  /** This one has what it came for; it only has to go in its time. */
  settle(socket: Socket): void {
    const connection = this.#pendingOf(socket);
    if (connection !== undefined) connection.settled = true;
  }

  /** Tells, once, why this one does not come in. It still has to be answered, or cut off. */
  reject(socket: Socket, kind: RejectedConnection['kind'], text: string): void {
    const connection = this.#pendingOf(socket);
    if (connection?.settled === false) this.#tell(connection, kind, text);
  }

  /**
   * Tells of a socket whose TLS handshake has failed.
   *
   * @returns false for one that has come further: what is wrong with it is no matter of TLS
   */
  failHandshake(secured: Socket, error: Error): boolean {
    if (this.#below.has(secured) || this.#pending.has(secured)) return false;
    const socket = this.#handshaking.get(endpointsOf(secured));
    const connection = socket && this.#pending.get(socket);
    // Where it is gone already, the end of its TCP socket tells.
    if (connection?.settled === false) this.#tell(connection, 'handshake', handshakeFault(error));
    return true;
  }

  /** Sends everybody away. */
  clear(): void {
    this.#admission.clear();
    for (const socket of this.#pending.keys()) socket.destroy();
  }

  #pendingOf(socket: Socket): PendingConnection | undefined {
    return this.#pending.get(this.#below.get(socket) ?? socket);
  }

  #tell(connection: PendingConnection, kind: RejectedConnection['kind'], text: string): void {
    connection.settled = true;
    this.#options.faults.report(kind, connection.source, text);
  }

  readonly #admit = (socket: Socket, source: RejectedSource): void => {
    const { clock, handshakeMs } = this.#options;
    const { http, tls } = this.#server!; // it has given the socket
    const deadline = setPeerDeadline(clock, () => this.#giveUp(connection), handshakeMs);
    const connection: PendingConnection = { socket, source, deadline, inHandshake: tls !== undefined, settled: false };
    this.#pending.set(socket, connection);
    socket.once('close', () => {
      // Who looked in without a word, as monitors do, is no fault.
      const begun = connection.inHandshake && socket.bytesRead > 0;
      if (begun && !connection.settled) this.#tell(connection, 'handshake', HUNG_UP);
      this.leave(socket);
    });
    if (tls !== undefined) this.#beginHandshake(socket);
    http.emit('connection', socket);
    if (tls === undefined) socket.resume(); // TLS reads below it
  };

  readonly #cutOff = (socket: Socket, ageSeconds: number, reason: string): void => {
    const connection = this.#pending.get(socket);
    if (connection?.settled === false) {
      this.#tell(connection, 'timeout', `no ${this.#missing(connection)} within ${ageSeconds} s: ${reason}`);
    }
    socket.destroy();
  };

  #missing({ inHandshake }: PendingConnection): string {
    return inHandshake ? 'TLS handshake' : this.#options.awaited;
  }

  #giveUp(connection: PendingConnection): void {
    const { handshakeMs } = this.#options;
    if (!connection.settled) {
      this.#tell(connection, 'timeout', `no ${this.#missing(connection)} within ${handshakeMs / 1_000} s`);
    }
    connection.socket.destroy();
  }

  #beginHandshake(socket: Socket): void {
    const endpoints = endpointsOf(socket);
    this.#handshaking.set(endpoints, socket);
    socket.once('close', () => {
      // The same endpoints may be in use again before the end of the old socket is heard of.
      if (this.#handshaking.get(endpoints) === socket) this.#handshaking.delete(endpoints);
    });
  }

  readonly #endHandshake = (secured: Socket): void => {
    const endpoints = endpointsOf(secured);
    const socket = this.#handshaking.get(endpoints);
    const connection = socket && this.#pending.get(socket);
    if (connection === undefined) {
      // Its peer has gone, and its address with it.
      secured.destroy();
      return;
    }
    connection.inHandshake = false;
    this.#handshaking.delete(endpoints);
    this.#below.set(secured, connection.socket);
  };
}

const HUNG_UP = 'it hung up before its TLS handshake was done';

/** OpenSSL's reason (`http request`, `unsupported protocol`): nothing of it is the peer's own words. */
function handshakeFault(error: Error): string {
  const reason: unknown = Reflect.get(error, 'reason');
  return typeof reason === 'string' ? `its TLS handshake failed: ${reason}` : HUNG_UP;
}

/** Both ends of a connection. Those of a peer that has gone already are unknown; no handshake of such a one ends well. */
function endpointsOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}
