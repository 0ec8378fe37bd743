import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import type { Subscription } from 'rxjs';
import type { Clock } from '../util/clock.js';
import { type PeerDeadline, setPeerDeadline } from '../util/peer-deadline.js';
import type { RejectedSource } from './rejected-connections.js';
import { tlsCredentialsError } from './listen-error.js';
import type { TlsCredentials, TlsSource } from './tls.js';
import { socketOptions } from './socket-options.js';

export interface TlsHandshakesOptions {
  readonly source: TlsSource;
  /** Milliseconds a handshake may take. */
  readonly handshakeMs: number;
  readonly clock: Clock;
  /** Gets each socket that is encrypted now, and the socket below; undefined where that has closed already. */
  readonly onSecured: (secured: TLSSocket, socket: Socket | undefined) => void;
  /** Told of each handshake that came to nothing. */
  readonly rejected: (kind: 'handshake' | 'timeout', source: RejectedSource, text: string) => void;
}

interface Pending {
  readonly socket: Socket;
  /** Kept, because a socket that has gone no longer knows. */
  readonly source: RejectedSource;
  /** Ends its time. */
  readonly deadline: PeerDeadline;
  /** What TLS did not like. */
  fault: string | undefined;
}

/** Encrypts sockets that another server has accepted: gives each handshake its time, and takes renewed certificates. */
export class TlsHandshakes {
  /** Never listens. */
  readonly #server: Server;
  readonly #options: TlsHandshakesOptions;
  readonly #renewals: Subscription;
  /** Whose handshake is still going on. */
  readonly #pending = new Map<string, Pending>();

  /** @throws TransportError when the key and the certificate cannot be used */
  constructor(options: TlsHandshakesOptions) {
    this.#options = options;
    const { source } = options;
    try {
      // Node's own deadline is on the real clock; ours below covers what it covers.
      this.#server = createServer({
        ...socketOptions,
        ...contextOf(source.credentials),
        handshakeTimeout: 0x7fff_ffff,
      });
    } catch (error) {
      throw tlsCredentialsError(error);
    }
    this.#server.on('secureConnection', this.#onSecured);
    this.#server.on('tlsClientError', this.#onFault);
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
      this.#server.setSecureContext(contextOf(credentials));
    } catch {
      // Who renews them looks at them first and says what is wrong; here is nobody to be told.
    }
  };

  /** Begins the handshake of a socket that was not read so far. It completes in time, or the socket is closed. */
  begin(socket: Socket): void {
    if (socket.remotePort === undefined) {
      socket.destroy(); // the peer has gone already, and its address with it
      this.#options.rejected('handshake', {}, HUNG_UP);
      return;
    }
    const key = keyOf(socket);
    const source = { address: socket.remoteAddress, port: socket.remotePort };
    const { clock, handshakeMs, rejected } = this.#options;
    const giveUp = (): void => {
      this.#settle(key);
      socket.destroy();
      rejected('timeout', source, `no TLS handshake within ${handshakeMs / 1_000} s`);
    };
    this.#pending.set(key, {
      socket,
      source,
      deadline: setPeerDeadline(clock, giveUp, handshakeMs),
      fault: undefined,
    });
    socket.once('close', () => {
      const pending = this.#pending.get(key);
      if (pending?.socket !== socket) return;
      this.#settle(key);
      rejected('handshake', source, pending.fault ?? HUNG_UP);
    });
    this.#server.emit('connection', socket);
  }

  /** Ends a handshake before its time. Does nothing for a socket without one. */
  cutOff(socket: Socket, ageSeconds: number, reason: string): void {
    const key = keyOf(socket);
    const pending = this.#pending.get(key);
    if (pending?.socket !== socket) return;
    this.#settle(key);
    socket.destroy();
    this.#options.rejected('timeout', pending.source, `no TLS handshake within ${ageSeconds} s: ${reason}`);
  }

  /** Node ends the socket next. It may have forgotten already whose it is; then that is what is told. */
  readonly #onFault = (error: Error, secured: TLSSocket): void => {
    const pending = this.#pending.get(keyOf(secured));
    // Of OpenSSL: `unsupported protocol`, `http request`. Nothing of it is the peer's own words.
    if (pending !== undefined && 'reason' in error) pending.fault = `its TLS handshake failed: ${String(error.reason)}`;
  };

  readonly #onSecured = (secured: TLSSocket): void => {
    const key = keyOf(secured);
    const socket = this.#pending.get(key)?.socket;
    this.#settle(key);
    this.#options.onSecured(secured, socket);
  };

  #settle(key: string): void {
    this.#pending.get(key)?.deadline.clear();
    this.#pending.delete(key);
  }
}

const HUNG_UP = 'it hung up before its TLS handshake was done';

/** What an encrypted socket and the one below it have in common; Node does not tell which belong together. */
function keyOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}

function contextOf({ key, cert }: TlsCredentials): SecureContextOptions {
  return { key, cert, minVersion: 'TLSv1.2' };
}
