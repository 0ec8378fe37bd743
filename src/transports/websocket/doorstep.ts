import type { Socket } from 'node:net';
import { type Clock, setBackgroundTimer } from '../../clock.js';
import type { DoorFaults, FaultSource } from '../door-faults.js';
import type { DoorFault } from '../transport.js';
import { Crowd, type CrowdLimits } from './crowd.js';
import type { HttpServer } from './http-server.js';

export interface DoorstepOptions extends CrowdLimits {
  /** Milliseconds from the TCP connect to {@link Doorstep.leave}, whatever is done in them. */
  readonly handshakeMs: number;
  /** What has to happen in them: `WebSocket upgrade`. */
  readonly awaited: string;
  readonly clock: Clock;
  readonly faults: DoorFaults;
}

/** Somebody at the door, known by his TCP socket. */
interface Visitor {
  readonly socket: Socket;
  /** Kept, because a socket that has gone no longer knows. */
  readonly source: FaultSource;
  /** The timer that ends his time. */
  readonly deadline: unknown;
  inHandshake: boolean;
  /** He had an answer, or was told of as a fault: nothing more is to be told of him. */
  settled: boolean;
}

/**
 * Who has connected and is not upgraded yet. There is room for so many; one deadline covers the TLS handshake, the request and
 * the upgrade; who has not come through by then is cut off, and nobody waits for anybody else.
 */
export class Doorstep {
  readonly #options: DoorstepOptions;
  readonly #crowd: Crowd;
  readonly #visitors = new Map<Socket, Visitor>();
  /** TCP sockets in a TLS handshake, by {@link endpointsOf}: Node does not say which encrypted socket belongs to which. */
  readonly #handshaking = new Map<string, Socket>();
  /** The TCP socket below each encrypted one. */
  readonly #below = new WeakMap<Socket, Socket>();

  constructor(options: DoorstepOptions) {
    this.#options = options;
    this.#crowd = new Crowd(options);
  }

  /** Looks after everybody who connects to a server from now on. */
  watch({ http, tls }: HttpServer): void {
    http.on('connection', (socket: Socket) => {
      this.#arrive(socket, tls !== undefined);
    });
    if (tls === undefined) return;
    tls.on('connection', this.#beginHandshake);
    tls.on('secureConnection', this.#endHandshake);
  }

  /** Whether a socket is still here, and has had neither an answer nor a refusal. */
  isExpected(socket: Socket): boolean {
    return this.#visitorOf(socket)?.settled === false;
  }

  /** This one is in: its time no longer runs. */
  leave(socket: Socket): void {
    const visitor = this.#visitorOf(socket);
    if (visitor === undefined) return;
    this.#options.clock.clearTimeout(visitor.deadline);
    this.#visitors.delete(visitor.socket);
    this.#crowd.leave(visitor.source.address);
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
    for (const socket of this.#visitors.keys()) socket.destroy();
  }

  #visitorOf(socket: Socket): Visitor | undefined {
    return this.#visitors.get(this.#below.get(socket) ?? socket);
  }

  #tell(visitor: Visitor, kind: DoorFault['kind'], text: string): void {
    visitor.settled = true;
    this.#options.faults.tell(kind, visitor.source, text);
  }

  #arrive(socket: Socket, inHandshake: boolean): void {
    const { clock, faults, handshakeMs } = this.#options;
    const source: FaultSource = { address: socket.remoteAddress, port: socket.remotePort };
    const fault = this.#crowd.enter(source.address, clock.now());
    if (fault !== undefined) {
      faults.tell('refused', source, fault);
      socket.destroy();
      return;
    }
    const deadline = setBackgroundTimer(clock, () => this.#giveUp(visitor), handshakeMs);
    const visitor: Visitor = { socket, source, deadline, inHandshake, settled: false };
    this.#visitors.set(socket, visitor);
    socket.once('close', () => {
      // Who looked in without a word, as monitors do, is no fault.
      const begun = visitor.inHandshake && socket.bytesRead > 0;
      if (begun && !visitor.settled) this.#tell(visitor, 'handshake', HUNG_UP);
      this.leave(socket);
    });
  }

  #giveUp(visitor: Visitor): void {
    const { handshakeMs, awaited } = this.#options;
    const missing = visitor.inHandshake ? 'TLS handshake' : awaited;
    if (!visitor.settled) this.#tell(visitor, 'silent', `no ${missing} within ${handshakeMs / 1_000} s`);
    visitor.socket.destroy();
  }

  readonly #beginHandshake = (socket: Socket): void => {
    if (!this.#visitors.has(socket)) return; // refused
    const endpoints = endpointsOf(socket);
    this.#handshaking.set(endpoints, socket);
    socket.once('close', () => {
      // The same endpoints may be in use again before the end of the old socket is heard of.
      if (this.#handshaking.get(endpoints) === socket) this.#handshaking.delete(endpoints);
    });
  };

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
