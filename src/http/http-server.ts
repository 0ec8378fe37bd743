import { createServer as createHttpServer, type Server as PlainServer, type ServerOptions } from 'node:http';
import { createServer as createHttpsServer, type Server as TlsServer } from 'node:https';
import { createServer as createPort, type Server as Port } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import { tlsCredentialsError } from '../net/listen-error.js';
import type { TlsCredentials, TlsSource } from '../net/tls.js';

/** The HTTP server of a port, before a peer is upgraded. */
export interface HttpServer {
  /** Listens, and accepts sockets without reading them. Each is passed to `http` by its event `connection`. */
  readonly port: Port;
  readonly http: PlainServer | TlsServer;
  /** The same server as `http` if it encrypts. */
  readonly tls: TlsServer | undefined;
  /** Unsubscribes from the certificate source. */
  readonly release: () => void;
}

export interface HttpServerOptions {
  readonly tls: TlsSource | undefined;
  /** Maximum bytes of a request's first line and headers. */
  readonly maxHeaderBytes: number;
  readonly maxHeaders: number;
}

/**
 * The timeouts of Node.js are checked only every 30 s and use the real clock. The deadline of {@link
 * PendingConnections} replaces them.
 */
const timeouts = { headersTimeout: 0, requestTimeout: 0 };
/** The maximum, because 0 means 120 s here. */
const NO_HANDSHAKE_TIMEOUT = 0x7fff_ffff;

/**
 * Creates a server that does not listen yet. With TLS, it uses renewed certificates until it is released.
 *
 * @throws TransportError if the key and the certificate cannot be used
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
        // An old certificate is better than none. The component that renews credentials validates and reports them.
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

/** Accepts like the servers of Node.js: HTTP answers a peer that has ended its side, HTTPS does not. */
function newPort(allowHalfOpen: boolean): Port {
  return createPort({ allowHalfOpen, noDelay: true, pauseOnConnect: true });
}

/** Allows one request per connection. Node.js answers further requests in the same packet with 503. */
function limited<S extends PlainServer | TlsServer>(server: S, maxHeaders: number): S {
  server.maxHeadersCount = maxHeaders + 1; // one more than the limit, so that an excess is detectable
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
