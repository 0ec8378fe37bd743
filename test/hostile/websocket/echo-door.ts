import { singly } from '../../../src/protocol/frame-run.js';
import { createHash } from 'node:crypto';
import { webSocket, type WebSocketOptions } from '../../../src/transports/websocket/index.js';
import { framingLength, writeFraming } from '../../../src/protocol/framing.js';
import type { Connection, SingleFrame, Listener } from '../../../src/transports/transport.js';

/** A WebSocket listener that echoes everything, as the Autobahn suite requires. */
export class EchoDoor {
  readonly port: number;
  readonly connections: Connection[] = [];
  /** The error that ended each connection; undefined for a clean close. */
  readonly ends: (Error | undefined)[] = [];
  readonly #listener: Listener;

  static async open(options: WebSocketOptions = {}): Promise<EchoDoor> {
    return new EchoDoor(await webSocket({ host: '127.0.0.1', port: 0, pingIntervalMs: 0, ...options }).listen());
  }

  private constructor(listener: Listener) {
    this.#listener = listener;
    this.port = listener.addresses[0]!.port; // a WebSocket listener has one address
    listener.connections$.subscribe((connection) => {
      this.connections.push(connection);
      connection.batches$.subscribe({
        next: (frames) => {
          for (const frame of singly<SingleFrame>(frames)) connection.write(messageOf(frame));
        },
        error: (error: Error) => this.ends.push(error),
        complete: () => this.ends.push(undefined),
      });
    });
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.destroy();
    await this.#listener.close();
  }
}

function messageOf(frame: SingleFrame): Uint8Array {
  const bytes = typeof frame === 'string' ? Buffer.from(frame) : frame;
  const start = framingLength('websocket', bytes.length);
  const message = new Uint8Array(start + bytes.length);
  writeFraming('websocket', message, 0, bytes.length, typeof frame === 'string');
  message.set(bytes, start);
  return message;
}

const KINDS: Readonly<Record<number, string>> = { 0x1: 'text', 0x2: 'binary', 0x8: 'close', 0x9: 'ping', 0xa: 'pong' };

/**
 * Returns the frames of a server, each as one line: `text hello`, `pong 00ff`, `close 1002`, `binary 65536 bytes
 * 3f2a...`.
 *
 * @throws Error for anything that a server must not send: a mask, a reserved bit or opcode, or a fragment, which this
 * server never sends
 */
export function answersIn(received: Buffer): string[] {
  const answers: string[] = [];
  for (let at = 0; at + 2 <= received.length;) {
    const [first, second] = [received[at]!, received[at + 1]!];
    const kind = KINDS[first & 0x0f];
    if ((first & 0xf0) !== 0x80 || second >= 0x80 || kind === undefined)
      throw new Error(`no frame of a server: ${first}`);
    const extended = second === 126 ? 2 : second === 127 ? 8 : 0;
    if (at + 2 + extended > received.length) break;
    const length =
      extended === 0 ? second : extended === 2 ? received.readUInt16BE(at + 2) : received.readUInt32BE(at + 6);
    const start = at + 2 + extended;
    if (start + length > received.length) break;
    answers.push(`${kind} ${described(kind, received.subarray(start, start + length))}`.trimEnd());
    at = start + length;
  }
  return answers;
}

/** Returns a short form of a payload, for expected and actual frames. */
export function described(kind: string, payload: Uint8Array): string {
  const bytes = Buffer.from(payload);
  if (kind === 'close') return bytes.length >= 2 ? String(bytes.readUInt16BE(0)) : '';
  if (bytes.length > 60) return `${bytes.length} bytes ${createHash('sha1').update(bytes).digest('hex').slice(0, 12)}`;
  return kind === 'text' ? bytes.toString() : bytes.toString('hex');
}
