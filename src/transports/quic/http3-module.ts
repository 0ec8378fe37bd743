import type { Duplex } from 'node:stream';
import type { QuicStream } from './provider.js';

/** The used part of the package. Its own types would have to be installed wherever this library's types are. */
export interface Http3Module {
  readonly default: Http3;
}

export interface Http3 {
  createQuicServer(options: Http3ServerOptions): Http3ServerHandle;
  connectQuicAsync(
    endpoint: { readonly address: string; readonly port: number; readonly servername: string },
    options: Http3ClientOptions,
  ): Promise<Http3ClientHandle>;
}

export interface Http3Options {
  alpn: string[];
  maxIdleTimeoutMs: number;
  initialMaxStreamDataBidiLocal: number;
  initialMaxData: number;
  enableDatagrams: boolean;
  runtimeMode: 'portable';
}

export interface Http3ServerOptions extends Http3Options {
  key: string;
  cert: string;
  maxConnections: number;
  initialMaxStreamsBidi: number;
  disableRetry: boolean;
}

export interface Http3ClientOptions extends Http3Options {
  ca?: string;
  connectTimeoutMs: number;
  /** Aborts the attempt. */
  signal: AbortSignal;
}

export interface Http3ServerHandle {
  on(event: 'session', listener: (session: Http3SessionHandle) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  listen(port: number, host: string): Promise<{ address: string; port: number }>;
  close(): Promise<void>;
}

export interface Http3Emitter {
  on(event: 'stream', listener: (stream: Http3Stream) => void): unknown;
  on(event: 'close', listener: (info: { errorCode: number; reason: string }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'datagram', listener: (bytes: Uint8Array) => void): unknown;
  /** @returns false if the queue is full or the peer does not accept datagrams */
  sendDatagram(bytes: Uint8Array): boolean;
  getMetrics(): Http3Metrics | null;
}

/** Counters of a session. `pmtu` is missing in the package's own types. */
export interface Http3Metrics {
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly bytesOut: number;
  readonly pmtu?: number;
}

export interface Http3SessionHandle extends Http3Emitter {
  readonly remoteAddress: string;
  readonly remotePort: number;
  close(code: number, text: string): void;
  ping(): boolean;
}

export interface Http3ClientHandle extends Http3Emitter {
  openStream(): QuicStream;
  close(code: number, text: string): Promise<void>;
}

export type Http3Stream = Duplex & QuicStream & { readonly id: number };
