import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { generate } from 'selfsigned';
import { Deframer } from '../../src/protocol/deframer.js';
import { ALPN, http3Provider, quicCloseCodes, type QuicEnd, type QuicLink } from '../../src/transports/quic/index.js';
import type { TestCertificate } from './certificates.js';
import { turns } from './inbox.js';

let made: Promise<TestCertificate> | undefined;

/**
 * For `localhost`. Its use is not confined to signatures, as that of `testCertificate` is: BoringSSL trusts a certificate
 * that signed itself only if it may sign certificates.
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
 * A client by the real library. It sits behind a relay, because the library itself reads without end: only the network can
 * be made to stand still.
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
      // The answer to our goodbye is in: close. Or it is the router's, which then closes and says why.
      if (link.stream.writableEnded) void link.close(quicCloseCodes.normal, '');
      else link.stream.end();
    });
    this.ended = link.closed.then(async (end) => {
      await turns(10); // the goodbye itself is still on its way through the relay
      relay.close();
      return end;
    });
  }

  write(bytes: Uint8Array): void {
    this.link.stream.write(bytes);
  }

  /** Resolves when that many frames are in. */
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

  /** Closes at once, with this code. */
  async close(code: number, text = ''): Promise<void> {
    await this.link.close(code, text);
  }
}

/** Carries datagrams between one client and a port of 127.0.0.1, or holds up those to the client. */
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
      socket.setRecvBufferSize(4 << 20); // as far as the system lets it: loopback has no other brake
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

  /** Nothing gets to the client until {@link resume}. */
  hold(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const datagram of held) this.#toClient(datagram);
  }

  /** Both directions are dead from here on. */
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
