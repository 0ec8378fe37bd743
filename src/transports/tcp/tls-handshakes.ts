import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import type { Subscription } from 'rxjs';
import { type Clock, setBackgroundTimer } from '../../clock.js';
import { tlsCredentialsError } from '../listen-error.js';
import type { TlsCredentials, TlsSource } from '../tls.js';
import { socketOptions } from './constants.js';

export interface TlsHandshakesOptions {
  readonly source: TlsSource;
  /** Milliseconds a handshake may take. */
  readonly handshakeMs: number;
  readonly clock: Clock;
  /** Gets each socket that is encrypted now. */
  readonly onSecured: (secured: TLSSocket) => void;
}

/** A server that encrypts its sockets: gives each handshake its time, and takes renewed certificates. */
export class TlsHandshakes {
  readonly server: Server;
  readonly #options: TlsHandshakesOptions;
  readonly #renewals: Subscription;
  /** Sockets whose handshake is still going on, with the timer that ends their time. */
  readonly #pending = new Map<string, { readonly socket: Socket; readonly deadline: unknown }>();

  /** @throws TransportError when the key and the certificate cannot be used */
  constructor(options: TlsHandshakesOptions) {
    this.#options = options;
    const { source } = options;
    try {
      // Node's own deadline is on the real clock; ours below covers what it covers.
      this.server = createServer({ ...socketOptions, ...contextOf(source.credentials), handshakeTimeout: 0x7fff_ffff });
    } catch (error) {
      throw tlsCredentialsError(error);
    }
    this.server.on('connection', this.#onSocket);
    this.server.on('secureConnection', this.#onSecured);
    this.#renewals = source.renewed$.subscribe({ next: this.#renew, error: () => undefined });
  }

  /** Ends the handshakes that are going on and forgets the source. */
  close(): void {
    this.#renewals.unsubscribe();
    for (const { socket } of this.#pending.values()) socket.destroy();
  }

  /** For handshakes from now on. Credentials that cannot be used change nothing: an old certificate is better than none. */
  readonly #renew = (credentials: TlsCredentials): void => {
    try {
      this.server.setSecureContext(contextOf(credentials));
    } catch {
      // Who renews them looks at them first and says what is wrong; here is nobody to be told.
    }
  };

  /** A TCP connect: shakes hands in time or goes. Holds nobody else up. */
  readonly #onSocket = (socket: Socket): void => {
    if (socket.remotePort === undefined) {
      socket.destroy(); // the peer has gone already, and its address with it
      return;
    }
    const key = keyOf(socket);
    const deadline = setBackgroundTimer(this.#options.clock, () => socket.destroy(), this.#options.handshakeMs);
    this.#pending.set(key, { socket, deadline });
    socket.once('close', () => {
      if (this.#pending.get(key)?.socket === socket) this.#settle(key);
    });
  };

  readonly #onSecured = (secured: TLSSocket): void => {
    this.#settle(keyOf(secured));
    this.#options.onSecured(secured);
  };

  #settle(key: string): void {
    this.#options.clock.clearTimeout(this.#pending.get(key)?.deadline);
    this.#pending.delete(key);
  }
}

/** What an encrypted socket and the one below it have in common; Node does not tell which belong together. */
function keyOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}

function contextOf({ key, cert }: TlsCredentials): SecureContextOptions {
  return { key, cert, minVersion: 'TLSv1.2' };
}
