import type { Socket } from 'node:net';
import { type Clock, setBackgroundTimer } from '../../clock.js';
import type { HttpServer } from './http-server.js';

export interface DoorstepOptions {
  /** Milliseconds from the TCP connect to {@link Doorstep.leave}, whatever is done in them. */
  readonly handshakeMs: number;
  readonly clock: Clock;
}

/**
 * Who has connected and is not upgraded yet. One deadline covers the TLS handshake, the request and the upgrade; who has not
 * come through by then is cut off, and nobody waits for anybody else.
 */
export class Doorstep {
  readonly #options: DoorstepOptions;
  /** TCP sockets, with the timer that ends their time. */
  readonly #waiting = new Map<Socket, unknown>();
  /** TCP sockets in a TLS handshake, by {@link endpointsOf}: Node does not say which encrypted socket belongs to which. */
  readonly #handshaking = new Map<string, Socket>();
  /** The TCP socket below each encrypted one. */
  readonly #below = new WeakMap<Socket, Socket>();

  constructor(options: DoorstepOptions) {
    this.#options = options;
  }

  /** Looks after everybody who connects to a server from now on. */
  watch({ http, tls }: HttpServer): void {
    http.on('connection', this.#arrive);
    if (tls === undefined) return;
    tls.on('connection', this.#beginHandshake);
    tls.on('secureConnection', this.#endHandshake);
    // Who fails the handshake is cut off by Node.
  }

  /** This one is in: its time no longer runs. */
  leave(socket: Socket): void {
    const waiting = this.#below.get(socket) ?? socket;
    this.#options.clock.clearTimeout(this.#waiting.get(waiting));
    this.#waiting.delete(waiting);
  }

  /** Sends everybody away. */
  clear(): void {
    for (const socket of this.#waiting.keys()) socket.destroy();
  }

  readonly #arrive = (socket: Socket): void => {
    const deadline = setBackgroundTimer(this.#options.clock, () => socket.destroy(), this.#options.handshakeMs);
    this.#waiting.set(socket, deadline);
    socket.once('close', () => {
      this.leave(socket);
    });
  };

  readonly #beginHandshake = (socket: Socket): void => {
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
    if (socket === undefined) {
      // Its peer has gone, and its address with it.
      secured.destroy();
      return;
    }
    this.#handshaking.delete(endpoints);
    this.#below.set(secured, socket);
  };
}

/** Both ends of a connection. Those of a peer that has gone already are unknown; no handshake of such a one ends well. */
function endpointsOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}
