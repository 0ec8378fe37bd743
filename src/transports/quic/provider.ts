import type { LookupFunction } from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * What the QUIC transport and the client need of a QUIC library, so that another one can take the place of
 * `@currentspace/http3`, and a fake one that of both in a test. Nothing here knows of frames.
 */
export interface QuicProvider {
  /**
   * Opens a UDP port.
   *
   * @throws TransportError when the library is missing or the certificate is no good; otherwise the system's own error,
   * with its `code` (EADDRINUSE and the like)
   */
  listen(options: QuicListenOptions): Promise<QuicServer>;
  /**
   * Connects and opens the one stream.
   *
   * @throws TransportError a plain sentence; every reason is one
   */
  connect(options: QuicConnectOptions): Promise<QuicLink>;
}

export interface QuicListenOptions {
  /** 0 takes any free one. */
  readonly port: number;
  /** An address or name of this computer; '::' serves IPv4 too. */
  readonly host: string;
  /** PEM. */
  readonly key: string;
  /** PEM, the server's own certificate first. */
  readonly cert: string;
  readonly alpn: string;
  readonly limits: QuicLimits;
  /** Whether clients may send datagrams (RFC 9221), and get them. @default false */
  readonly datagrams?: boolean | undefined;
  /** Each peer, once its handshake is complete. */
  readonly onSession: (session: QuicSession) => void;
  /** Each peer whose handshake came to nothing, as far as the library tells of them. */
  readonly onFailedHandshake?: ((failure: QuicHandshakeFailure) => void) | undefined;
  /** The port as a whole broke; nothing more comes through it. */
  readonly onFault: (error: Error) => void;
}

/** Somebody who did not get as far as a session. */
export interface QuicHandshakeFailure {
  readonly remoteHost: string;
  readonly remotePort: number;
  /** For a person. */
  readonly text: string;
}

export interface QuicLimits {
  /** Connections at once, those in the handshake included; a client beyond them gets no answer. */
  readonly maxConnections: number;
  /** Milliseconds without a packet of the peer after which it is gone. */
  readonly maxIdleTimeoutMs: number;
  /** Bytes a peer may have on the way. */
  readonly streamWindowBytes: number;
}

export interface QuicServer {
  readonly address: { readonly host: string; readonly port: number };
  /** Cuts whatever is still connected, each session's `closed` included, and frees the port. */
  close(): Promise<void>;
}

/** One peer of a {@link QuicServer}. */
export interface QuicSession {
  readonly remoteHost: string;
  readonly remotePort: number;
  /** To be called once, at once: what comes before it is lost. */
  handle(handlers: QuicSessionHandlers): void;
  /** Drops what is not sent yet and tells the peer. Harmless on a closed session. */
  close(code: number, text: string): void;
  /** Makes the peer's QUIC answer, whatever its program does. Harmless on a closed session. */
  ping(): void;
  /** Sends a datagram. Never throws; what the peer does not want, or the library has no room for, is lost. */
  sendDatagram(bytes: Uint8Array): void;
  /** What has gone to and fro; undefined once the session is closed. */
  traffic(): QuicTraffic | undefined;
}

export interface QuicSessionHandlers {
  /** The peer opened a bidirectional stream: called with its first bytes, which `read()` gives at once. */
  readonly stream: (stream: QuicStream) => void;
  /** The peer sent a datagram, be it with the first packet of all. */
  readonly datagram: (bytes: Uint8Array) => void;
  /** It is over, whoever ended it: called once, nothing comes after. */
  readonly closed: (end: QuicEnd) => void;
}

/** A stream: Node's, with `allowHalfOpen`, and a way to reset it in both directions. */
export type QuicStream = Duplex & { close(code?: number): void };

/** Counted from the beginning of the connection. */
export interface QuicTraffic {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  /** Bytes of the largest UDP datagram that gets through to the peer, as far as that is known by now. */
  readonly maxPacketBytes?: number | undefined;
}

/** How a connection ended: with a close of one of the two, or `lost` (nothing was heard any more, the port went). */
export type QuicEnd =
  | { readonly kind: 'closed'; readonly code: number; readonly text: string }
  | { readonly kind: 'lost'; readonly text: string };

export interface QuicConnectOptions {
  /** An IP address or a host name. All addresses of a name are tried. */
  readonly address: string;
  readonly port: number;
  /** Looks up a host name. @default `lookup` of `node:dns` */
  readonly lookup?: LookupFunction | undefined;
  /** A DNS name that the certificate has; most libraries take no IP address here. @default `address` */
  readonly servername?: string | undefined;
  /** PEM of the certificates to trust; the router's own where that is self-signed. @default those of the system */
  readonly ca?: string | undefined;
  readonly alpn: string;
  /** Milliseconds until the handshake is given up. @default 5_000 */
  readonly handshakeMs?: number | undefined;
  /** Milliseconds without a packet of the router after which it is gone. @default 30_000 */
  readonly maxIdleTimeoutMs?: number | undefined;
  /** Whether the server may send datagrams, and get them. @default false */
  readonly datagrams?: boolean | undefined;
}

/** A connection to a server, with the one stream the client opened. */
export interface QuicLink {
  /**
   * The server hears of it with the first bytes written. To leave in peace: `end()` it, await its `end`, then
   * {@link close}. Its `error` events are listened to already; {@link closed} has the reason.
   */
  readonly stream: QuicStream;
  /** Where they were asked for. */
  readonly datagrams?: QuicLinkDatagrams | undefined;
  /** Resolves when the connection is over, whoever ended it; never rejects. */
  readonly closed: Promise<QuicEnd>;
  /** Drops what is not sent yet. Resolves when the connection's resources are given back. Safe to call twice. */
  close(code: number, text: string): Promise<void>;
}

/** The datagrams of a client. */
export interface QuicLinkDatagrams {
  /** As {@link QuicSession.sendDatagram}. */
  sendDatagram(bytes: Uint8Array): void;
  /** As {@link QuicTraffic.maxPacketBytes}. */
  readonly maxPacketBytes: number | undefined;
  /** Calls with each datagram of the server. To be called once, at once. */
  onDatagram(listener: (bytes: Uint8Array) => void): void;
}
