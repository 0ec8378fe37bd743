import { createServer as createHttpServer, type Server as PlainServer, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer, type Server as TlsServer } from 'node:https';
import { createServer as createPort, type Server as Port } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { tlsCredentialsError } from '../net/listen-error.js';
import type { TlsCredentials, TlsSource } from '../net/tls.js';

/** What answers on the port before a peer is upgraded. */
export interface HttpServer {
  /** Listens, and accepts sockets without reading them. Each is passed to `http` by its event `connection`. */
  readonly port: Port;
  readonly http: PlainServer | TlsServer;
  /** The same server where it encrypts. */
  readonly tls: TlsServer | undefined;
  /** Lets go of where the certificate comes from. */
  readonly release: () => void;
}

export interface HttpServerOptions {
  readonly tls: TlsSource | undefined;
  /** Bytes of a request's first line and headers. */
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/** Node's own timeouts look only every 30 s and on the real clock; the deadline of the doorstep covers what they cover. */
const timeouts = { headersTimeout: 0, requestTimeout: 0 };
/** The longest there is, because 0 means 120 s here. */
const NO_HANDSHAKE_TIMEOUT = 0x7fff_ffff;

/**
 * A server that does not listen yet; with TLS it follows the renewals of its certificate until it is released.
 *
 * @throws TransportError when the key and the certificate cannot be used
 */
export function createServer({ tls: source, maxHeaderBytes, maxHeaders }: HttpServerOptions): HttpServer {
  const options = { noDelay: true, ...timeouts, maxHeaderSize: maxHeaderBytes };
  if (source === undefined) {
    const http = limited(createHttpServer(options), maxHeaders);
    return { port: newPort(true), http, tls: undefined, release: () => undefined };
  }
  const server = limited(createTlsServer(source.credentials, options), maxHeaders);
  const renewals = source.renewed$.subscribe({
    next: (credentials) => {
      try {
        server.setSecureContext(contextOf(credentials)); // open connections keep theirs
      } catch {
        // An old certificate is better than none. Who renews them looks at them first and has somebody to tell; nobody is here.
      }
    },
    error: () => undefined, // no more renewals
  });
  return {
    port: newPort(false),
    http: server,
    tls: server,
    release: () => {
      renewals.unsubscribe();
    },
  };
}

/** As Node's own servers accept: HTTP answers a peer that has ended its side, HTTPS does not. */
function newPort(allowHalfOpen: boolean): Port {
  return createPort({ allowHalfOpen, noDelay: true, pauseOnConnect: true });
}

/** One request a connection: what else stands in the same packet is answered by Node, with 503. */
function limited<S extends PlainServer | TlsServer>(server: S, maxHeaders: number): S {
  server.maxHeadersCount = maxHeaders + 1; // one more than may be, or nobody would notice
  server.maxRequestsPerSocket = 1;
  return server;
}

function createTlsServer(credentials: TlsCredentials, options: ServerOptions): TlsServer {
  try {
    return createHttpsServer({ ...options, ...contextOf(credentials), handshakeTimeout: NO_HANDSHAKE_TIMEOUT });
  } catch (error) {
    throw tlsCredentialsError(error);
  }
}

function contextOf({ key, cert }: TlsCredentials): SecureContextOptions {
  return { key, cert, minVersion: 'TLSv1.2' };
}
