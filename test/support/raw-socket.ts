import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A plain TCP socket to a port on this computer, for peers that behave as no WebSocket library would. */
export class RawSocket {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  /** Resolves when the socket is closed, by either side, with a reset or not. */
  readonly closed: Promise<void>;
  #notify: () => void = () => undefined;

  static async connect(port: number): Promise<RawSocket> {
    const raw = new RawSocket(port);
    await once(raw.socket, 'connect');
    return raw;
  }

  /** Connects and upgrades; bytes after the response headers stay in `received`. */
  static async upgrade(port: number): Promise<RawSocket> {
    const raw = await RawSocket.connect(port);
    raw.write(upgradeRequest());
    const head = await raw.receive((bytes) => bytes.includes('\r\n\r\n'));
    raw.received = raw.received.subarray(head.indexOf('\r\n\r\n') + 4);
    return raw;
  }

  private constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    this.socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.#notify();
    });
    this.socket.on('error', () => undefined); // a `close` follows
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        resolve();
      });
    });
  }

  write(bytes: Uint8Array | string): void {
    this.socket.write(bytes);
  }

  /** Resolves with all received bytes once they suffice. */
  async receive(isEnough: (received: Buffer) => boolean): Promise<Buffer> {
    while (!isEnough(this.received)) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
    return this.received;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export function upgradeRequest(headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET / HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** A message as clients send it: final and masked. `first` contains the FIN bit and the opcode. */
export function maskedMessage(payload: Uint8Array, first = 0x82): Buffer {
  const mask = randomBytes(4);
  const { length } = payload;
  const header =
    length < 126
      ? Buffer.of(first, 0x80 | length)
      : length < 65_536
        ? Buffer.of(first, 0x80 | 126, length >>> 8, length & 0xff)
        : Buffer.concat([Buffer.of(first, 0x80 | 127, 0, 0, 0, 0), uint32(length)]);
  return Buffer.concat([header, mask, Buffer.from(payload.map((byte, i) => byte ^ mask[i & 3]!))]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
