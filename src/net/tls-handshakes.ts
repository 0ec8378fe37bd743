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
  /** Maximum milliseconds per handshake. */
  readonly handshakeMs: number;
  readonly clock: Clock;
  /**
   * Called with each encrypted socket and the TCP socket below it. The TCP socket is undefined if it has already
   * closed.
   */
  readonly onSecured: (secured: TLSSocket, socket: Socket | undefined) => void;
  /** Called for each failed handshake. */
  readonly rejected: (kind: 'handshake' | 'timeout', source: RejectedSource, text: string) => void;
}

interface Pending {
  readonly socket: Socket;
  /** Retained, because a closed socket does not return its address. */
  readonly source: RejectedSource;
  /** Deadline of the handshake. */
  readonly deadline: PeerDeadline;
  /** The error that TLS reported. */
  fault: string | undefined;
}

/**
 * Encrypts sockets that another server has accepted. Applies a deadline to each handshake and uses renewed
 * certificates.
 */
export class TlsHandshakes {
  /** This server never listens. */
  readonly #server: Server;
  readonly #options: TlsHandshakesOptions;
  readonly #renewals: Subscription;
  /** Handshakes in progress, by {@link keyOf}. */
  readonly #pending = new Map<string, Pending>();

  /** @throws TransportError if the key and the certificate cannot be used */
  constructor(options: TlsHandshakesOptions) {
    this.#options = options;
    const { source } = options;
    try {
      // The deadline of Node.js uses the real clock. The deadline in `begin` replaces it.
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

  /** Aborts all handshakes in progress and unsubscribes from the source. */
  close(): void {
    this.#renewals.unsubscribe();
    for (const { socket } of this.#pending.values()) socket.destroy();
  }

  /**
   * Uses renewed credentials for new handshakes. Invalid credentials change nothing, because an old certificate is
   * better than none.
   */
  readonly #renew = (credentials: TlsCredentials): void => {
    try {
      this.#server.setSecureContext(contextOf(credentials));
    } catch {
      // The component that renews credentials validates and reports them.
    }
  };

  /** Starts the handshake of a socket that was not read so far. If it misses the deadline, the socket is closed. */
  begin(socket: Socket): void {
    if (socket.remotePort === undefined) {
      socket.destroy(); // the peer has already disconnected, so its address is unknown
      this.#options.rejected('handshake', {}, HUNG_UP);
      return;
    }
    const key = keyOf(socket);
    const source = { address: socket.remoteAddress, port: socket.remotePort };
    const { clock, handshakeMs, rejected } = this.#options;
    const expire = (): void => {
      this.#settle(key);
      socket.destroy();
      rejected('timeout', source, `no TLS handshake within ${handshakeMs / 1_000} s`);
    };
    this.#pending.set(key, {
      socket,
      source,
      deadline: setPeerDeadline(clock, expire, handshakeMs),
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

  /** Aborts a handshake before its deadline. Has no effect for a socket without a handshake. */
  cutOff(socket: Socket, ageSeconds: number, reason: string): void {
    const key = keyOf(socket);
    const pending = this.#pending.get(key);
    if (pending?.socket !== socket) return;
    this.#settle(key);
    socket.destroy();
    this.#options.rejected('timeout', pending.source, `no TLS handshake within ${ageSeconds} s: ${reason}`);
  }

  /**
   * Records the reason; Node.js closes the socket next. If Node.js has already dropped the address, the socket cannot
   * be identified, and the close is reported without this reason.
   */
  readonly #onFault = (error: Error, secured: TLSSocket): void => {
    const pending = this.#pending.get(keyOf(secured));
    // A reason of OpenSSL, such as `unsupported protocol` or `http request`. It contains no bytes of the peer.
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

const HUNG_UP = 'it disconnected during its TLS handshake';

/** Returns a key that an encrypted socket and its TCP socket share. Node.js does not expose their relation. */
function keyOf({ localAddress, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${remoteAddress} ${remotePort}`;
}

function contextOf({ key, cert }: TlsCredentials): SecureContextOptions {
  return { key, cert, minVersion: 'TLSv1.2' };
}
