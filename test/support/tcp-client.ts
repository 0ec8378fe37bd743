import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, TLSSocket } from 'node:tls';
import { framed } from './frames.js';

/** A client as a device has it: a bare socket, TCP, TLS or a pipe, with a length in front of each frame. */
export class TcpClient {
  readonly socket: Socket;
  readonly frames: Uint8Array[] = [];
  /** `closed`: the other side ended its bytes; `lost`: the connection broke. Resolves when the socket is gone. */
  readonly ended: Promise<'closed' | 'lost'>;
  #received = Buffer.alloc(0);
  #notify: () => void = () => undefined;

  /** Connects to what a listener gives as its address: `tcp://`, `tls://` or `unix:`. */
  static async connect(url: string, tls: ConnectionOptions = {}): Promise<TcpClient> {
    const secure = url.startsWith('tls:');
    const where = destination(url);
    const client = new TcpClient(secure ? connectTls({ ...where, ...tls }) : connect(where));
    await once(client.socket, secure ? 'secureConnect' : 'connect');
    return client;
  }

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay();
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#cut();
      this.#notify();
    });
    let end: 'closed' | 'lost' = 'lost';
    socket.on('end', () => (end = 'closed'));
    socket.on('error', () => (end = 'lost'));
    this.ended = new Promise((resolve) => {
      socket.on('close', () => {
        resolve(end);
      });
    });
  }

  /** The version of TLS that is spoken. */
  get protocol(): string | null | undefined {
    return this.socket instanceof TLSSocket ? this.socket.getProtocol() : undefined;
  }

  /** Bytes that are no whole frame yet. */
  get rest(): Uint8Array {
    return this.#received;
  }

  send(...frames: readonly Uint8Array[]): void {
    this.socket.write(framed('length', frames));
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Resolves when that many frames are in. */
  async receive(count: number): Promise<Uint8Array[]> {
    while (this.frames.length < count) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
    return this.frames;
  }

  stall(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Ends our bytes; still reads what comes. */
  close(): void {
    this.socket.end();
  }

  /** Goes without a goodbye: by a reset over TCP; in the middle of a frame where there is none, in pipes and under TLS. */
  vanish(): void {
    if (this.socket instanceof TLSSocket || this.socket.remotePort === undefined) {
      this.socket.write(Uint8Array.of(0, 0), () => this.socket.destroy());
    } else {
      this.socket.resetAndDestroy();
    }
  }

  /** Written down here once more, so that the tests do not ask the code under test what it has sent. */
  #cut(): void {
    let at = 0;
    while (this.#received.length - at >= 4) {
      const end = at + 4 + this.#received.readUInt32BE(at);
      if (end > this.#received.length) break;
      this.frames.push(Uint8Array.from(this.#received.subarray(at + 4, end)));
      at = end;
    }
    this.#received = this.#received.subarray(at);
  }
}

function destination(url: string): NetConnectOpts & { readonly host?: string } {
  if (url.startsWith('unix:')) return { path: url.slice('unix:'.length) };
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) };
}
