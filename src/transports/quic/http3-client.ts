import { TransportError } from '../../net/transport-error.js';
import { CLIENT_WINDOW_BYTES, STREAM_REFUSED } from './constants.js';
import type { QuicConnectOptions, QuicEnd, QuicLink, QuicLinkDatagrams } from './provider.js';
import type { Http3, Http3ClientHandle } from './http3-module.js';
import { addressesOf, connectToFirst } from '../../net/host-addresses.js';
import { endOf, ignore, sendDatagram } from './http3-handles.js';
import { refuseToRun } from './http3-unavailable.js';

/** Opens a QUIC connection to a router. @throws TransportError */
export async function connect(http3: Http3, options: QuicConnectOptions): Promise<QuicLink> {
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
