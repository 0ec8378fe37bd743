import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * The part of a QUIC library that the transport and the client use. Another library can replace `@currentspace/http3`,
 * and a fake can replace both in tests. This interface is independent of frames.
 */
export interface QuicProvider {
  /**
   * Opens a UDP port.
   *
   * @throws TransportError if the library is missing or the certificate is invalid; otherwise the error of the system,
   * with its `code` (EADDRINUSE and others)
   */
  listen(options: QuicListenOptions): Promise<QuicServer>;
  /**
   * Connects and opens the stream.
   *
   * @throws TransportError with one plain sentence for every failure
   */
  connect(options: QuicConnectOptions): Promise<QuicLink>;
}

export interface QuicListenOptions {
  /** 0 selects any free port. */
  readonly port: number;
  /** Local address or host name. '::' includes IPv4. */
  readonly host: string;
  /** Private key as PEM. */
  readonly key: string;
  /** Certificate chain as PEM, the server's own certificate first. */
  readonly cert: string;
  readonly alpn: string;
  readonly limits: QuicLimits;
  /** Whether clients can send and receive datagrams (RFC 9221). @default false */
  readonly datagrams?: boolean | undefined;
  /** Called for each peer after its handshake. */
  readonly onSession: (session: QuicSession) => void;
  /** Called for each failed handshake, as far as the library reports it. */
  readonly onFailedHandshake?: ((failure: QuicHandshakeFailure) => void) | undefined;
  /** Called if the port as a whole failed. It accepts no more peers. */
  readonly onFault: (error: Error) => void;
}

/** A peer whose handshake failed. */
export interface QuicHandshakeFailure {
  readonly remoteHost: string;
  readonly remotePort: number;
  /** Description for people. */
  readonly text: string;
}

export interface QuicLimits {
  /** Maximum concurrent connections, including handshakes. Further clients get no answer. */
  readonly maxConnections: number;
  /** Milliseconds without a packet after which the peer is lost. */
  readonly maxIdleTimeoutMs: number;
  /** Maximum bytes in flight per peer. */
  readonly streamWindowBytes: number;
}

export interface QuicServer {
  readonly address: { readonly host: string; readonly port: number };
  /** Closes all connections immediately, including each session's `closed`, and frees the port. */
  close(): Promise<void>;
}

/** One peer of a {@link QuicServer}. */
export interface QuicSession {
  readonly remoteHost: string;
  readonly remotePort: number;
  /** Sets the handlers. Must be called once and immediately: earlier input is lost. */
  handle(handlers: QuicSessionHandlers): void;
  /** Drops unsent bytes and notifies the peer. Has no effect on a closed session. */
  close(code: number, text: string): void;
  /** Requests an answer from the peer's QUIC library, independent of its program. Has no effect on a closed session. */
  ping(): void;
  /**
   * Sends a datagram. Never throws. If the peer does not accept datagrams, or the library's queue is full, the datagram
   * is lost.
   */
  sendDatagram(bytes: Uint8Array): void;
  /** Returns the traffic counters, or undefined after the session is closed. */
  traffic(): QuicTraffic | undefined;
}

export interface QuicSessionHandlers {
  /** Called for a bidirectional stream of the peer when its first bytes arrive. `read()` returns them immediately. */
  readonly stream: (stream: QuicStream) => void;
  /** Called for each datagram of the peer, even in its first packet. */
  readonly datagram: (bytes: Uint8Array) => void;
  /** Called once when the session ends for any reason. No other handler is called afterwards. */
  readonly closed: (end: QuicEnd) => void;
}

/** A Node.js stream with `allowHalfOpen`, and a method that resets it in both directions. */
export type QuicStream = Duplex & { close(code?: number): void };

/** Counters since the start of the connection. */
export interface QuicTraffic {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  /** Maximum UDP datagram that reaches the peer, as far as it is known. */
  readonly maxPacketBytes?: number | undefined;
}

/** End of a connection: closed by one side, or `lost` (idle timeout, port closed). */
export type QuicEnd =
  | { readonly kind: 'closed'; readonly code: number; readonly text: string }
  | { readonly kind: 'lost'; readonly text: string };

export interface QuicConnectOptions {
  /** An IP address or a host name. All addresses of a name are tried. */
  readonly address: string;
  readonly port: number;
  /** Resolves a host name. @default `lookup` of `node:dns` */
  readonly lookup?: LookupFunction | undefined;
  /** A DNS name in the certificate. Most libraries accept no IP address here. @default `address` */
  readonly servername?: string | undefined;
  /** Trusted certificates as PEM. For a self-signed certificate, the router's own. @default those of the system */
  readonly ca?: string | undefined;
  readonly alpn: string;
  /** Maximum milliseconds of the handshake. @default 5_000 */
  readonly handshakeMs?: number | undefined;
  /** Milliseconds without a packet after which the router is lost. @default 30_000 */
  readonly maxIdleTimeoutMs?: number | undefined;
  /** Whether the server can send and receive datagrams. @default false */
  readonly datagrams?: boolean | undefined;
}

/** A connection to a server, with the stream that the client opened. */
export interface QuicLink {
  /**
   * The server is notified of the stream when its first bytes are written. For a graceful close, call `end()`, await
   * its `end`, then call {@link close}. Its `error` events have a listener; {@link closed} contains the reason.
   */
  readonly stream: QuicStream;
  /** Present if they were requested. */
  readonly datagrams?: QuicLinkDatagrams | undefined;
  /** Resolves when the connection ends for any reason. Never rejects. */
  readonly closed: Promise<QuicEnd>;
  /** Drops unsent bytes. Resolves when the resources of the connection are released. Can be called twice. */
  close(code: number, text: string): Promise<void>;
}

/** The datagrams of a client. */
export interface QuicLinkDatagrams {
  /** Like {@link QuicSession.sendDatagram}. */
  sendDatagram(bytes: Uint8Array): void;
  /** Like {@link QuicTraffic.maxPacketBytes}. */
  readonly maxPacketBytes: number | undefined;
  /** Calls the listener for each datagram of the server. Must be called once and immediately. */
  onDatagram(listener: (bytes: Uint8Array) => void): void;
}
