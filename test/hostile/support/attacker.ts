import { decodeJson } from '../../../src/protocol/encodings/json.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { framed } from '../../support/frames.js';
import { turns } from '../../support/inbox.js';
import { QuicClient } from '../../support/quic-client.js';
import { TcpClient } from '../../support/tcp-client.js';
import { UdpClient } from '../../support/udp-client.js';
import { WebSocketClient } from '../../support/websocket-client.js';
import { eventually } from './eventually.js';

/** An attacker's access to any transport: sends bytes in whole frames, records answers, and disconnects. */
export interface Attacker {
  /** Sends each byte array as one frame, whatever its content. Never waits. */
  send(frames: readonly Uint8Array[]): void;
  /**
   * The decoded messages of the router. Throws for a frame that cannot be decoded, because a router never sends one.
   */
  readonly messages: readonly Message[];
  /** Bytes of whole frames received. */
  readonly receivedBytes: number;
  /** Whether the connection has ended, on either side. Always false over UDP, which has no connections. */
  readonly isOver: boolean;
  /** Stops reading, so that the router's data accumulates. */
  stall(): void;
  /** Disconnects with the transport's close. */
  leave(): void;
  /** Disconnects without it. */
  vanish(): void;
}

export const hello: Message = { type: 'hello', version: 1, name: 'attacker', features: [] };

/** Sends messages in the binary encoding. */
export function say(attacker: Attacker, ...messages: readonly Message[]): void {
  attacker.send(messages.map((message) => encodeFrame(message)));
}

/**
 * Sends messages in batches of at most 50, with turns of the event loop in between, because lost datagrams are not
 * sent again.
 *
 * @param between called after each batch
 */
export async function flood(
  attacker: Attacker,
  frames: readonly Uint8Array[],
  between: () => Promise<void> = () => turns(3),
): Promise<void> {
  for (let at = 0; at < frames.length; at += 50) {
    attacker.send(frames.slice(at, at + 50));
    await between();
  }
}

/** Resolves when the router has answered everything that was sent so far. */
export async function answered(attacker: Attacker): Promise<void> {
  const count = pongs(attacker);
  say(attacker, { type: 'ping' });
  await eventually(() => attacker.isOver || pongs(attacker) > count, 'a PONG after all answers');
}

function pongs({ messages }: Attacker): number {
  return messages.filter(({ type }) => type === 'pong').length;
}

/** Returns the ERRORs that the attacker received. */
export function errorsTo({ messages }: Attacker): Extract<Message, { type: 'error' }>[] {
  return messages.filter((message): message is Extract<Message, { type: 'error' }> => message.type === 'error');
}

/** Decodes each frame once, however often it is read. */
class Transcript {
  readonly #frames: () => readonly (Uint8Array | string)[];
  readonly #messages: Message[] = [];
  #bytes = 0;

  constructor(frames: () => readonly (Uint8Array | string)[]) {
    this.#frames = frames;
  }

  get messages(): readonly Message[] {
    for (const frame of this.#frames().slice(this.#messages.length)) {
      this.#bytes += frame.length;
      this.#messages.push((typeof frame === 'string' ? decodeJson(frame) : decodeFrame(frame)).message);
    }
    return this.#messages;
  }

  get bytes(): number {
    return this.messages.length === 0 ? 0 : this.#bytes;
  }
}

/** The common part of the test clients. */
interface Listening {
  readonly frames: readonly (Uint8Array | string)[];
  readonly ended: Promise<unknown>;
}

/** @param means functions to attack and to disconnect */
function attacker(client: Listening, means: Pick<Attacker, 'send' | 'stall' | 'leave' | 'vanish'>): Attacker {
  const transcript = new Transcript(() => client.frames);
  let isOver = false;
  void client.ended.then(() => (isOver = true));
  return {
    ...means,
    get messages() {
      return transcript.messages;
    },
    get receivedBytes() {
      return transcript.bytes;
    },
    get isOver() {
      return isOver;
    },
  };
}

export async function webSocketAttacker(url: string): Promise<Attacker & { readonly client: WebSocketClient }> {
  const client = await WebSocketClient.connect(url);
  const means = attacker(client, {
    send(frames) {
      for (const frame of frames) client.send(frame);
    },
    stall() {
      client.stall();
    },
    leave() {
      client.resume();
      client.close();
    },
    vanish() {
      client.destroy();
    },
  });
  return Object.assign(means, { client });
}

/** Connects over TCP or a pipe. */
export async function streamAttacker(url: string): Promise<Attacker> {
  const client = await TcpClient.connect(url);
  return attacker(client, {
    send(frames) {
      client.send(...frames);
    },
    stall() {
      client.stall();
    },
    leave() {
      client.resume();
      client.close();
    },
    vanish() {
      client.socket.destroy();
    },
  });
}

export async function quicAttacker(port: number, ca: string): Promise<Attacker> {
  const client = await QuicClient.connect({ port, ca });
  return attacker(client, {
    send(frames) {
      client.write(framed('raw', frames));
    },
    stall() {
      client.relay.hold();
    },
    leave() {
      client.relay.resume();
      client.end();
    },
    vanish() {
      client.relay.resume();
      void client.close(0);
    },
  });
}

/** @param cookie whether to get a cookie first, without which the router accepts no session */
export async function udpAttacker(port: number, { cookie }: { readonly cookie: boolean }): Promise<Attacker> {
  const client = await UdpClient.open(port);
  const token = cookie ? `udp:${await client.askForCookie()}` : undefined;
  client.received.length = 0;
  let isGone = false;
  const go = (): void => {
    if (!isGone) client.close();
    isGone = true;
  };
  const never = new Promise<never>(() => undefined);
  return attacker(
    { frames: client.received, ended: never },
    {
      send(frames) {
        // A HELLO must contain the cookie.
        for (const frame of frames)
          void client.send(frame[4] === HELLO && token !== undefined ? withToken(frame, token) : frame);
      },
      stall: () => undefined,
      leave: go,
      vanish: go,
    },
  );
}

const HELLO = 0x01;

function withToken(frame: Uint8Array, token: string): Uint8Array {
  try {
    const { message } = decodeFrame(frame);
    return message.type === 'hello' ? encodeFrame({ ...message, token }) : frame;
  } catch {
    return frame; // a malformed one is sent unchanged
  }
}
