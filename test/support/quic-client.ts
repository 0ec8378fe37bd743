import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { generate } from 'selfsigned';
import { Deframer } from '../../src/protocol/deframer.js';
import { ALPN, http3Provider, quicCloseCodes, type QuicEnd, type QuicLink } from '../../src/transports/quic/index.js';
import type { TestCertificate } from './certificates.js';
import { turns } from './inbox.js';

let made: Promise<TestCertificate> | undefined;

/**
 * For `localhost`. Its key usage is not limited to signatures, unlike that of `testCertificate`: BoringSSL trusts a
 * self-signed certificate only if it may sign certificates.
 */
export function quicCertificate(): Promise<TestCertificate> {
  made ??= generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  }).then((pems) => ({ key: pems.private, cert: pems.cert, ca: pems.cert }));
  return made;
}

export interface QuicClientOptions {
  readonly port: number;
  /** PEM to trust. */
  readonly ca: string;
  readonly alpn?: string;
  readonly handshakeMs?: number;
  readonly maxIdleTimeoutMs?: number;
}

const provider = http3Provider();

/**
 * A client with the real library. It connects through a relay, because the library reads without limit and only the
 * network can be stalled.
 */
export class QuicClient {
  readonly link: QuicLink;
  readonly relay: UdpRelay;
  readonly frames: Uint8Array[] = [];
  readonly ended: Promise<QuicEnd>;
  #notify: () => void = () => undefined;

  static async connect({ port, ca, alpn = ALPN, ...options }: QuicClientOptions): Promise<QuicClient> {
    const relay = await UdpRelay.to(port);
    try {
      const link = await provider.connect({
        ...options,
        address: '127.0.0.1',
        port: relay.port,
        servername: 'localhost',
        ca,
        alpn,
      });
      return new QuicClient(link, relay);
    } catch (error) {
      relay.close();
      throw error;
    }
  }

  private constructor(link: QuicLink, relay: UdpRelay) {
    this.link = link;
    this.relay = relay;
    const deframer = new Deframer();
    link.stream.on('data', (chunk: Buffer) => {
      this.frames.push(...deframer.push(chunk));
      this.#notify();
    });
    link.stream.on('end', () => {
      // Either the response to this client's close, which then closes, or the close of the router, which then closes
      // with its reason.
      if (link.stream.writableEnded) void link.close(quicCloseCodes.normal, '');
      else link.stream.end();
    });
    this.ended = link.closed.then(async (end) => {
      await turns(10); // the close message is still in the relay
      relay.close();
      return end;
    });
  }

  write(bytes: Uint8Array): void {
    this.link.stream.write(bytes);
  }

  /** Resolves after `count` frames. */
  async receive(count: number): Promise<readonly Uint8Array[]> {
    while (this.frames.length < count) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
    return this.frames;
  }

  /** Ends its half of the stream. */
  end(): void {
    this.link.stream.end();
  }

  /** Closes at once with this code. */
  async close(code: number, text = ''): Promise<void> {
    await this.link.close(code, text);
  }
}

/** Forwards datagrams between one client and a port of 127.0.0.1, or holds those to the client. */
export class UdpRelay {
  readonly port: number;
  readonly #front: Socket;
  readonly #back: Socket;
  #client: RemoteInfo | undefined;
  #held: Buffer[] | undefined;

  static async to(target: number): Promise<UdpRelay> {
    const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
    for (const socket of sockets) {
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      socket.setRecvBufferSize(4 << 20); // up to the system's limit: loopback has no other backpressure
    }
    return new UdpRelay(...sockets, target);
  }

  private constructor(front: Socket, back: Socket, target: number) {
    this.#front = front;
    this.#back = back;
    this.port = front.address().port;
    front.on('message', (datagram, client) => {
      this.#client = client;
      back.send(datagram, target, '127.0.0.1');
    });
    back.on('message', (datagram) => {
      if (this.#held === undefined) this.#toClient(datagram);
      else this.#held.push(datagram);
    });
  }

  /** Holds datagrams to the client until {@link resume}. */
  hold(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const datagram of held) this.#toClient(datagram);
  }

  /** Both directions are dead from now on. */
  close(): void {
    for (const socket of [this.#front, this.#back]) {
      socket.removeAllListeners('message');
      socket.on('error', () => undefined);
      try {
        socket.close();
      } catch {
        // closed already
      }
    }
  }

  #toClient(datagram: Buffer): void {
    if (this.#client !== undefined) this.#front.send(datagram, this.#client.port, '127.0.0.1');
  }
}
