import { TransportError, TransportUnavailable } from '../../net/transport-error.js';
import { CLIENT_WINDOW_BYTES, STREAM_REFUSED } from './constants.js';
import { watchHandshakes } from './failed-handshakes.js';
import type {
  QuicConnectOptions,
  QuicEnd,
  QuicLink,
  QuicLinkDatagrams,
  QuicListenOptions,
  QuicProvider,
  QuicServer,
  QuicSession,
  QuicSessionHandlers,
  QuicTraffic,
} from './provider.js';
import type {
  Http3,
  Http3ClientHandle,
  Http3Emitter,
  Http3Module,
  Http3ServerHandle,
  Http3SessionHandle,
} from './http3-module.js';
import { addressesOf, connectToFirst } from '../../net/host-addresses.js';
import { usableAddress, usableCredentials } from './usable.js';

/**
 * QUIC by `@currentspace/http3` (Cloudflare's quiche). It is loaded on first use, because it is large, optional and
 * native.
 *
 * @param load loads the package; for tests
 */
export function http3Provider(load: () => Promise<Http3Module> = () => import('@currentspace/http3')): QuicProvider {
  let loaded: Promise<Http3> | undefined;
  const http3 = (): Promise<Http3> => (loaded ??= load().then(({ default: module }) => module, refuseToLoad));
  return {
    listen: async (options) => Http3Server.open(await http3(), options),
    connect: async (options) => connect(await http3(), options),
  };
}

const PLATFORMS = 'it has binaries for Linux (x64 and arm64, glibc 2.34 or later) and for macOS (arm64)';

function refuseToLoad(error: unknown): never {
  throw new TransportUnavailable(
    `QUIC needs the package @currentspace/http3: install it with "npm install @currentspace/http3" (${PLATFORMS}), ` +
      'or disable QUIC',
    { cause: error },
  );
}

/** The JavaScript of the package loads on every platform. Its native part loads on first use. */
function refuseToRun(error: unknown): TransportError {
  return new TransportUnavailable(
    `QUIC is not available on this computer: @currentspace/http3 does not support it (${PLATFORMS}); disable QUIC`,
    { cause: error },
  );
}

class Http3Server implements QuicServer {
  readonly #server: Http3ServerHandle;
  readonly #sessions = new Set<Http3Session>();
  #address = { host: '', port: 0 };

  static async open(http3: Http3, options: QuicListenOptions): Promise<Http3Server> {
    usableCredentials(options);
    // A failed `listen` of the library leaves a handle that keeps the process alive. This check prevents such a
    // failure.
    const host = await usableAddress(options.host, options.port);
    const server = new Http3Server(http3, options);
    try {
      const { address, port } = await server.#server.listen(options.port, host);
      server.#address = { host: address, port };
    } catch (error) {
      if (error instanceof Error && /native binding/i.test(error.message)) throw refuseToRun(error);
      throw error;
    }
    return server;
  }

  private constructor(http3: Http3, options: QuicListenOptions) {
    const { key, cert, alpn, limits, datagrams = false, onSession, onFailedHandshake, onFault } = options;
    this.#server = http3.createQuicServer({
      key,
      cert,
      alpn: [alpn],
      maxConnections: limits.maxConnections,
      maxIdleTimeoutMs: limits.maxIdleTimeoutMs,
      initialMaxStreamDataBidiLocal: limits.streamWindowBytes,
      initialMaxData: 2 * limits.streamWindowBytes,
      // With this limit, QUIC prevents a client from opening a second stream. The library puts bytes that arrive on a
      // reset stream into a new stream, which it does not report and nothing reads.
      initialMaxStreamsBidi: 1,
      enableDatagrams: datagrams,
      disableRetry: false, // a forged source address receives only one small answer
      runtimeMode: 'portable', // io_uring is often forbidden in containers, and not faster
    });
    const handedOut = new WeakSet<object>();
    if (onFailedHandshake !== undefined) {
      watchHandshakes(this.#server, (session) => handedOut.has(session), onFailedHandshake);
    }
    this.#server.on('session', (handle) => {
      handedOut.add(handle);
      const session = new Http3Session(handle, () => this.#sessions.delete(session));
      this.#sessions.add(session);
      onSession(session);
    });
    this.#server.on('error', (error) => {
      // Also emitted for a session that has just closed. Only failures of the runtime concern the port.
      if ('code' in error && (error.code === RUNTIME_FAULT || error.code === FAST_PATH_FAULT)) onFault(error);
    });
  }

  get address(): { readonly host: string; readonly port: number } {
    return this.#address;
  }

  async close(): Promise<void> {
    const closed = this.#server.close();
    for (const session of [...this.#sessions]) session.end({ kind: 'lost', text: 'the port was closed' });
    await closed;
  }
}

const RUNTIME_FAULT = 'ERR_HTTP3_RUNTIME_UNSUPPORTED';
const FAST_PATH_FAULT = 'ERR_HTTP3_FAST_PATH_UNAVAILABLE';

class Http3Session implements QuicSession {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly #handle: Http3SessionHandle;
  readonly #forget: () => void;
  #handlers: QuicSessionHandlers | undefined;
  #ended = false;

  constructor(handle: Http3SessionHandle, forget: () => void) {
    this.#handle = handle;
    this.#forget = forget;
    this.remoteHost = handle.remoteAddress;
    this.remotePort = handle.remotePort;
    handle.on('error', ignore); // a close with the reason follows
    handle.on('close', ({ errorCode, reason }) => {
      this.end(endOf(errorCode, reason));
    });
    handle.on('stream', (stream) => {
      stream.on('error', ignore);
      if (isFromClientBothWays(stream.id)) this.#handlers?.stream(stream);
      else stream.close(STREAM_REFUSED);
    });
    handle.on('datagram', (bytes) => this.#handlers?.datagram(bytes));
  }

  handle(handlers: QuicSessionHandlers): void {
    this.#handlers = handlers;
  }

  /** @internal */
  end(end: QuicEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#forget();
    this.#handlers?.closed(end);
  }

  close(code: number, text: string): void {
    if (this.#ended) return;
    this.#handle.close(code, text);
    // The library reports the close too, but only several round trips later.
    queueMicrotask(() => {
      this.end({ kind: 'closed', code, text });
    });
  }

  ping(): void {
    try {
      this.#handle.ping();
    } catch {
      // The session has closed, and its end event follows.
    }
  }

  sendDatagram(bytes: Uint8Array): void {
    if (!this.#ended) sendDatagram(this.#handle, bytes);
  }

  traffic(): QuicTraffic | undefined {
    const metrics = this.#ended ? null : this.#handle.getMetrics();
    return metrics === null ? undefined : { ...metrics, maxPacketBytes: metrics.pmtu };
  }
}

function sendDatagram(handle: Http3Emitter, bytes: Uint8Array): void {
  try {
    handle.sendDatagram(bytes);
  } catch {
    // The session has closed, and its end event follows.
  }
}

async function connect(http3: Http3, options: QuicConnectOptions): Promise<QuicLink> {
  try {
    return linkOf(await openSession(http3, options), options.datagrams === true);
  } catch (error) {
    throw connectError(error, options);
  }
}

function linkOf(session: Http3ClientHandle, hasDatagrams: boolean): QuicLink {
  session.on('error', ignore);
  session.on('stream', (stream) => {
    stream.on('error', ignore);
    stream.close(STREAM_REFUSED);
  });
  const closed = new Promise<QuicEnd>((resolve) => {
    session.on('close', ({ errorCode, reason }) => {
      resolve(endOf(errorCode, reason));
    });
  });
  const stream = session.openStream(); // throws if the router has already closed the connection
  stream.on('error', ignore);
  const datagrams: QuicLinkDatagrams = {
    sendDatagram: (bytes) => {
      sendDatagram(session, bytes);
    },
    get maxPacketBytes() {
      return session.getMetrics()?.pmtu;
    },
    onDatagram: (listener) => void session.on('datagram', listener),
  };
  const close = (code: number, text: string): Promise<void> => session.close(code, text);
  return { stream, closed, close, datagrams: hasDatagrams ? datagrams : undefined };
}

async function openSession(http3: Http3, options: QuicConnectOptions): Promise<Http3ClientHandle> {
  return connectToFirst({
    addresses: await addressesOf(options.address, options.lookup),
    connect: (address, signal) => openSessionAt(address, signal, http3, options),
    release: (session) => {
      session.on('error', ignore);
      void session.close(0, '').catch(ignore);
    },
  });
}

async function openSessionAt(
  address: string,
  signal: AbortSignal,
  http3: Http3,
  options: QuicConnectOptions,
): Promise<Http3ClientHandle> {
  const { port, servername = options.address, ca, alpn, handshakeMs = 5_000, maxIdleTimeoutMs = 30_000 } = options;
  const { datagrams = false } = options;
  return http3.connectQuicAsync(
    { address, port, servername },
    {
      signal,
      ...(ca === undefined ? {} : { ca }),
      alpn: [alpn],
      connectTimeoutMs: handshakeMs,
      maxIdleTimeoutMs,
      initialMaxStreamDataBidiLocal: CLIENT_WINDOW_BYTES,
      initialMaxData: 4 * CLIENT_WINDOW_BYTES,
      enableDatagrams: datagrams,
      runtimeMode: 'portable',
    },
  );
}

function connectError(failure: unknown, { address, port, servername, alpn }: QuicConnectOptions): TransportError {
  const error = failure instanceof AggregateError ? mostTelling(failure.errors) : failure;
  const text = error instanceof Error ? error.message : String(error);
  const at = `${address} port ${port}`;
  if (/native binding/i.test(text)) return refuseToRun(error);
  if (text.includes('timed out')) {
    return new TransportError(
      `no answer from ${at} over QUIC; check that a router listens there, that UDP is not blocked, and that it supports ${alpn}`,
      { cause: error },
    );
  }
  if (text.includes('before handshake')) {
    return new TransportError(
      `no QUIC connection to ${at}: its certificate is not trusted or not issued to ${servername ?? address}; ` +
        'provide its certificate as `ca` and its name as `servername`',
      { cause: error },
    );
  }
  return new TransportError(`no QUIC connection to ${at}: ${text}`, { cause: error });
}

/** Returns the most informative error of several addresses: that of one that answered, or else the last. */
function mostTelling(errors: readonly unknown[]): unknown {
  const answered = (error: unknown): boolean => error instanceof Error && error.message.includes('before handshake');
  return errors.find(answered) ?? errors.at(-1);
}

/** The library has one event for a peer's close and for the timeout of a vanished peer. */
function endOf(code: number, text: string): QuicEnd {
  return code === 0 && text === 'idle timeout' ? { kind: 'lost', text } : { kind: 'closed', code, text };
}

/** RFC 9000, section 2.1: bit 0 is the initiator, bit 1 is set for unidirectional streams. */
function isFromClientBothWays(streamId: number): boolean {
  return (streamId & 0x03) === 0;
}

function ignore(): void {
  // Each emitter of the library needs an error listener. Without one, an error ends the process.
}
