import type { Socket } from 'node:net';
import type { Clock } from '../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../util/peer-deadline.js';
import type { ConnectRate } from '../net/connect-rate.js';
import type { DoorFaults, FaultSource } from '../net/rejected-connections.js';
import type { ListenLimits } from '../net/listen-limits.js';
import { SocketAdmission } from '../net/socket-admission.js';
import type { DoorFault } from '../net/rejected-connections.js';
import type { HttpServer } from './http-server.js';

export interface DoorstepOptions extends ListenLimits {
  /** What has to happen within `handshakeMs`: `WebSocket upgrade`. */
  readonly awaited: string;
  readonly clock: Clock;
  readonly faults: DoorFaults;
  /** As in {@link SocketAdmission}, as `isExempt`. */
  readonly rate?: ConnectRate | undefined;
  readonly isExempt?: ((address: string | undefined) => boolean) | undefined;
}

/** Somebody at the door, known by his TCP socket. */
interface Visitor {
  readonly socket: Socket;
  /** Kept, because a socket that has gone no longer knows. */
  source: FaultSource;
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
export class Doorstep {
  readonly #options: DoorstepOptions;
  #server: HttpServer | undefined;
  readonly #admission: SocketAdmission;
  readonly #visitors = new Map<Socket, Visitor>();
  /** TCP sockets in a TLS handshake, by {@link endpointsOf}: Node does not say which encrypted socket belongs to which. */
  readonly #handshaking = new Map<string, Socket>();
  /** The TCP socket below each encrypted one. */
  readonly #below = new WeakMap<Socket, Socket>();

  constructor(options: DoorstepOptions) {
    this.#options = options;
    this.#admission = new SocketAdmission({
      ...options,
      admit: this.#admit,
      refused: (source, text) => {
        options.faults.tell('refused', source, text);
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
    return this.#visitorOf(socket)?.settled === false;
  }

  /** The peer behind a proxy is known by now: faults tell its address. */
  identify(socket: Socket, { address, port }: FaultSource): void {
    const visitor = this.#visitorOf(socket);
    if (visitor !== undefined) visitor.source = { address, port };
  }

  /** Its request to upgrade is granted. It no longer counts as half open, but keeps its deadline. */
  grant(socket: Socket): void {
    const visitor = this.#visitorOf(socket);
    if (visitor !== undefined) this.#admission.leave(visitor.socket);
  }

  /** This one is in: its time no longer runs. */
  leave(socket: Socket): void {
    const visitor = this.#visitorOf(socket);
    if (visitor === undefined) return;
    visitor.deadline.clear();
    this.#visitors.delete(visitor.socket);
    this.#admission.leave(visitor.socket);
  }

  /** This one has what it came for; it only has to go in its time. */
  settle(socket: Socket): void {
    const visitor = this.#visitorOf(socket);
    if (visitor !== undefined) visitor.settled = true;
  }

  /** Tells, once, why this one does not come in. It still has to be answered, or cut off. */
  turnAway(socket: Socket, kind: DoorFault['kind'], text: string): void {
    const visitor = this.#visitorOf(socket);
    if (visitor?.settled === false) this.#tell(visitor, kind, text);
  }

  /**
   * Tells of a socket whose TLS handshake has failed.
   *
   * @returns false for one that has come further: what is wrong with it is no matter of TLS
   */
  failHandshake(secured: Socket, error: Error): boolean {
    if (this.#below.has(secured) || this.#visitors.has(secured)) return false;
    const socket = this.#handshaking.get(endpointsOf(secured));
    const visitor = socket && this.#visitors.get(socket);
    // Where it is gone already, the end of its TCP socket tells.
    if (visitor?.settled === false) this.#tell(visitor, 'handshake', handshakeFault(error));
    return true;
  }

  /** Sends everybody away. */
  clear(): void {
    this.#admission.clear();
    for (const socket of this.#visitors.keys()) socket.destroy();
  }

  #visitorOf(socket: Socket): Visitor | undefined {
    return this.#visitors.get(this.#below.get(socket) ?? socket);
  }

  #tell(visitor: Visitor, kind: DoorFault['kind'], text: string): void {
    visitor.settled = true;
    this.#options.faults.tell(kind, visitor.source, text);
  }

  readonly #admit = (socket: Socket, source: FaultSource): void => {
    const { clock, handshakeMs } = this.#options;
    const { http, tls } = this.#server!; // it has given the socket
    const deadline = setPeerDeadline(clock, () => this.#giveUp(visitor), handshakeMs);
    const visitor: Visitor = { socket, source, deadline, inHandshake: tls !== undefined, settled: false };
    this.#visitors.set(socket, visitor);
    socket.once('close', () => {
      // Who looked in without a word, as monitors do, is no fault.
      const begun = visitor.inHandshake && socket.bytesRead > 0;
      if (begun && !visitor.settled) this.#tell(visitor, 'handshake', HUNG_UP);
      this.leave(socket);
    });
    if (tls !== undefined) this.#beginHandshake(socket);
    http.emit('connection', socket);
    if (tls === undefined) socket.resume(); // TLS reads below it
  };

  readonly #cutOff = (socket: Socket, ageSeconds: number, reason: string): void => {
    const visitor = this.#visitors.get(socket);
    if (visitor?.settled === false) {
      this.#tell(visitor, 'silent', `no ${this.#missing(visitor)} within ${ageSeconds} s: ${reason}`);
    }
    socket.destroy();
  };

  #missing({ inHandshake }: Visitor): string {
    return inHandshake ? 'TLS handshake' : this.#options.awaited;
  }

  #giveUp(visitor: Visitor): void {
    const { handshakeMs } = this.#options;
    if (!visitor.settled) {
      this.#tell(visitor, 'silent', `no ${this.#missing(visitor)} within ${handshakeMs / 1_000} s`);
    }
    visitor.socket.destroy();
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
    const visitor = socket && this.#visitors.get(socket);
    if (visitor === undefined) {
      // Its peer has gone, and its address with it.
      secured.destroy();
      return;
    }
    visitor.inHandshake = false;
    this.#handshaking.delete(endpoints);
    this.#below.set(secured, visitor.socket);
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
