import { Duplex } from 'node:stream';
import type {
  QuicEnd,
  QuicListenOptions,
  QuicProvider,
  QuicServer,
  QuicSession,
  QuicSessionHandlers,
} from '../../src/transports/quic/index.js';

/** A QUIC library in which nothing happens by itself: the test is the network. */
export class FakeQuic implements QuicProvider {
  /** What each `listen` was called with. */
  readonly listens: QuicListenOptions[] = [];
  closes = 0;

  listen(options: QuicListenOptions): Promise<QuicServer> {
    this.listens.push(options);
    return Promise.resolve({
      address: { host: options.host, port: 7331 },
      close: () => {
        this.closes++;
        return Promise.resolve();
      },
    });
  }

  connect(): Promise<never> {
    return Promise.reject(new Error('the fake has no client'));
  }

  /** A peer whose handshake is complete. */
  arrive(remoteHost = '192.0.2.7'): FakePeer {
    const peer = new FakePeer(remoteHost);
    this.listens.at(-1)!.onSession(peer);
    return peer;
  }
}

/** A session as the router has it, and what the peer at its other end does. */
export class FakePeer implements QuicSession {
  readonly remoteHost: string;
  readonly remotePort = 50_000;
  pings = 0;
  /** What the tests set; the session tells it. */
  counts = { packetsIn: 0, packetsOut: 0, bytesOut: 0 };
  /** How this end was closed by the router. */
  closedWith: { readonly code: number; readonly text: string } | undefined;
  #handlers!: QuicSessionHandlers; // `handle` is called at once

  constructor(remoteHost: string) {
    this.remoteHost = remoteHost;
  }

  handle(handlers: QuicSessionHandlers): void {
    this.#handlers = handlers;
  }

  close(code: number, text: string): void {
    this.closedWith ??= { code, text };
    queueMicrotask(() => {
      this.#handlers.closed({ kind: 'closed', code, text });
    });
  }

  ping(): void {
    this.pings++;
  }

  traffic(): { packetsIn: number; packetsOut: number; bytesOut: number } {
    return { ...this.counts };
  }

  /** The peer opens a stream with these bytes. */
  open(bytes: Uint8Array): FakeStream {
    const stream = new FakeStream();
    stream.push(Buffer.from(bytes));
    this.#handlers.stream(stream);
    return stream;
  }

  /** The connection ends by the peer's or the network's doing. */
  end(end: QuicEnd): void {
    this.#handlers.closed(end);
  }
}

/** Accepts what is written only when told to, one write at a time. */
export class FakeStream extends Duplex {
  readonly accepted: Buffer[] = [];
  resetWith: number | undefined;
  /** Accepts at once. */
  isQuick = false;
  #accept: (() => void) | undefined;

  close(code = 0): void {
    this.resetWith = code;
    this.destroy();
  }

  /** The peer accepts the write that has waited longest. */
  accept(): void {
    const accept = this.#accept;
    this.#accept = undefined;
    accept?.();
  }

  override _read(): void {
    // `push` is called by the test.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#accept = () => {
      this.accepted.push(chunk);
      done();
    };
    if (this.isQuick) this.accept();
  }
}
