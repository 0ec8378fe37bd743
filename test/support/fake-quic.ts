import { Duplex } from 'node:stream';
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
} from '../../src/transports/quic/index.js';

/** A QUIC library in which nothing happens by itself: the test acts as the network. */
export class FakeQuic implements QuicProvider {
  /** Arguments of each `listen` call. */
  readonly listens: QuicListenOptions[] = [];
  closes = 0;
  /** Datagrams between connected clients and their listener that have not arrived, in order of sending. */
  readonly inFlight: { readonly bytes: Uint8Array; readonly arrive: () => void }[] = [];

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

  /**
   * A client connected to a peer of the last listener: stream data is delivered at once, datagrams when the test
   * decides.
   */
  connect({ datagrams }: QuicConnectOptions): Promise<QuicLink> {
    const peer = this.arrive();
    const near = new FakeStream();
    let far: FakeStream | undefined;
    near.isQuick = true;
    near.onAccepted = (bytes) => {
      if (far !== undefined) far.push(bytes);
      else {
        far = peer.open(bytes);
        far.isQuick = true;
        far.onAccepted = (back) => near.push(back);
        far.accept();
      }
    };
    let listener: (bytes: Uint8Array) => void = () => undefined;
    peer.onDatagram = (bytes) => this.inFlight.push({ bytes, arrive: () => listener(bytes) });
    const outlet: QuicLinkDatagrams = {
      maxPacketBytes: undefined,
      sendDatagram: (bytes) => this.inFlight.push({ bytes, arrive: () => peer.datagram(bytes) }),
      onDatagram: (heard) => (listener = heard),
    };
    return Promise.resolve({
      stream: near,
      closed: new Promise(() => undefined),
      close: () => Promise.resolve(),
      datagrams: datagrams === true ? outlet : undefined,
    });
  }

  /** A peer whose handshake is complete. */
  arrive(remoteHost = '192.0.2.7'): FakePeer {
    const peer = new FakePeer(remoteHost);
    this.listens.at(-1)!.onSession(peer);
    return peer;
  }
}

/** A session on the router's side, and the actions of the peer at its other end. */
export class FakePeer implements QuicSession {
  readonly remoteHost: string;
  readonly remotePort = 50_000;
  pings = 0;
  /** Datagrams that the router has sent. */
  readonly datagrams: Uint8Array[] = [];
  /** Called for each of them. */
  onDatagram: (bytes: Uint8Array) => void = () => undefined;
  /** Maximum bytes of a UDP datagram, of which 64 are not available for data. */
  maxPacketBytes: number | undefined;
  /** Counters that the session reports; set by tests. */
  counts = { packetsIn: 0, packetsOut: 0, bytesOut: 0 };
  /** How the router closed this end. */
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

  sendDatagram(bytes: Uint8Array): void {
    this.datagrams.push(bytes);
    this.onDatagram(bytes);
  }

  traffic(): QuicTraffic {
    return { ...this.counts, maxPacketBytes: this.maxPacketBytes };
  }

  /** The peer opens a stream with these bytes. */
  open(bytes: Uint8Array): FakeStream {
    const stream = new FakeStream();
    stream.push(Buffer.from(bytes));
    this.#handlers.stream(stream);
    return stream;
  }

  /** A datagram of the peer arrives. */
  datagram(bytes: Uint8Array): void {
    this.#handlers.datagram(bytes);
  }

  /** The peer or the network ends the connection. */
  end(end: QuicEnd): void {
    this.#handlers.closed(end);
  }
}

/** Accepts writes only when the test decides, one at a time. */
export class FakeStream extends Duplex {
  readonly accepted: Buffer[] = [];
  resetWith: number | undefined;
  /** Called with accepted bytes. */
  onAccepted: (bytes: Buffer) => void = () => undefined;
  /** Accepts writes at once. */
  isQuick = false;
  #accept: (() => void) | undefined;

  close(code = 0): void {
    this.resetWith = code;
    this.destroy();
  }

  /** The peer accepts the longest waiting write. */
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
      this.onAccepted(chunk);
      done();
    };
    if (this.isQuick) this.accept();
  }
}
