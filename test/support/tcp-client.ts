import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, TLSSocket } from 'node:tls';
import { framed } from './frames.js';

/** A client as a device implements it: a plain socket, TCP, TLS or a pipe, with a length prefix per frame. */
export class TcpClient {
  readonly socket: Socket;
  readonly frames: Uint8Array[] = [];
  /** `closed`: the other side ended its output; `lost`: the connection broke. Resolves when the socket is closed. */
  readonly ended: Promise<'closed' | 'lost'>;
  #received = Buffer.alloc(0);
  #notify: () => void = () => undefined;

  /** Connects to the address of a listener: `tcp://`, `tls://` or `unix:`. */
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

  /** The negotiated TLS version. */
  get protocol(): string | null | undefined {
    return this.socket instanceof TLSSocket ? this.socket.getProtocol() : undefined;
  }

  /** Bytes of an incomplete frame. */
  get rest(): Uint8Array {
    return this.#received;
  }

  send(...frames: readonly Uint8Array[]): void {
    this.socket.write(framed('length', frames));
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Resolves after `count` frames. */
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

  /** Ends the output of the client; it still reads input. */
  close(): void {
    this.socket.end();
  }

  /** Disconnects without a close: by a reset over TCP; within a frame for pipes and TLS, which have no reset. */
  vanish(): void {
    if (this.socket instanceof TLSSocket || this.socket.remotePort === undefined) {
      this.socket.write(Uint8Array.of(0, 0), () => this.socket.destroy());
    } else {
      this.socket.resetAndDestroy();
    }
  }

  /** Implemented separately, so that the tests do not rely on the code under test for what it sent. */
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
