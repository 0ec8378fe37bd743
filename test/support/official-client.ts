import { type Clasp, ClaspBuilder } from '@clasp-to/core';
import { WebSocket } from 'ws';
import { decodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';

/**
 * The official client, `@clasp-to/core`, over a real socket. All messages of the router are recorded, because the
 * client only logs ACKs and ERRORs. Its log is silenced.
 */
export class OfficialClient {
  readonly clasp: Clasp;
  readonly received: Message[];
  /** Close codes of its sockets. */
  readonly closeCodes: number[];
  readonly #key: string;

  static async connect(
    url: string,
    options: { readonly name?: string; readonly token?: string; readonly reconnectMs?: number } = {},
  ): Promise<OfficialClient> {
    const { name = 'official', token, reconnectMs } = options;
    const key = `peer-${++peers}`;
    // The client can choose the path, which identifies its sockets here.
    const builder = new ClaspBuilder(`${url}/${key}`)
      .withName(name)
      .withReconnect(reconnectMs !== undefined, reconnectMs ?? 5_000);
    if (token !== undefined) builder.withToken(token);
    const recording: Recording = { received: [], closeCodes: [] };
    recordings.set(key, recording);
    return new OfficialClient(key, await builder.connect(), recording);
  }

  private constructor(key: string, clasp: Clasp, { received, closeCodes }: Recording) {
    this.#key = key;
    this.clasp = clasp;
    this.received = received;
    this.closeCodes = closeCodes;
  }

  /** Returns messages of one type in order of arrival. */
  all<T extends Message['type']>(type: T): Extract<Message, { type: T }>[] {
    return this.received.filter((message): message is Extract<Message, { type: T }> => message.type === type);
  }

  close(): void {
    this.clasp.close();
    recordings.delete(this.#key);
  }
}

let peers = 0;
const recordings = new Map<string, Recording>();

interface Recording {
  readonly received: Message[];
  readonly closeCodes: number[];
}

/** Node 20 has no WebSocket; this one also records its input. */
class RecordingWebSocket extends WebSocket {
  constructor(url: string, protocols?: string | string[]) {
    super(url, protocols);
    const recording = recordings.get(new URL(url).pathname.slice(1));
    this.on('message', (data: ArrayBuffer) => {
      recording?.received.push(decodeFrame(new Uint8Array(data)).message); // the client's binaryType is 'arraybuffer'
    });
    this.on('close', (code) => void recording?.closeCodes.push(code));
  }
}

Object.assign(globalThis, { WebSocket: RecordingWebSocket });
console.log = () => undefined;
console.debug = () => undefined;
console.error = () => undefined;

/** Resolves when the condition is met. Checks it per turn of the event loop, for at most 10 s. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come true in ten seconds`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
