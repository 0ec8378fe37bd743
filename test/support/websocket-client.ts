import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { SingleFrame } from '../../src/transports/transport.js';

export interface WebSocketClientOptions {
  readonly protocols?: string[];
  readonly path?: string;
  /** Whether pings are answered. @default true */
  readonly autoPong?: boolean;
}

/** A client with `ws` that records what it received and how it ended. */
export class WebSocketClient {
  readonly socket: WebSocket;
  readonly frames: SingleFrame[] = [];
  /** Code and reason of the close; 1006 without a close frame. */
  readonly ended: Promise<{ readonly code: number; readonly reason: string }>;
  #notify: () => void = () => undefined;

  static async connect(url: string, options: WebSocketClientOptions = {}): Promise<WebSocketClient> {
    const client = new WebSocketClient(url, options);
    await once(client.socket, 'open');
    return client;
  }

  private constructor(url: string, { protocols = ['clasp'], path = '', autoPong = true }: WebSocketClientOptions) {
    this.socket = new WebSocket(url.replace('0.0.0.0', '127.0.0.1') + path, protocols, {
      perMessageDeflate: true, // offered, as browsers do
      autoPong,
    });
    this.socket.on('message', (data, isBinary) => {
      const bytes = data as Buffer; // binaryType is 'nodebuffer', ws's default
      this.frames.push(isBinary ? Uint8Array.from(bytes) : bytes.toString());
      this.#notify();
    });
    this.socket.on('error', () => undefined); // a `close` follows with the details
    this.ended = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  send(message: Uint8Array | string): void {
    this.socket.send(message);
  }

  /** Resolves after `count` messages. */
  async receive(count: number): Promise<SingleFrame[]> {
    while (this.frames.length < count) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
    return this.frames;
  }

  /** Stops reading from the network. */
  stall(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(code = 1000): void {
    this.socket.close(code);
  }

  /** Disconnects without a close message. */
  destroy(): void {
    this.socket.terminate();
  }
}
