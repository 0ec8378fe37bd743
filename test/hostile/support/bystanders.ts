import { Qos } from '../../../src/protocol/enumerations.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { WebSocketClient } from '../../support/websocket-client.js';
import { eventually } from './eventually.js';

/** For routers that require a token. */
export const BYSTANDER_TOKEN = 'bystander';

const SET_ADDRESS = '/bystanders/param';
const EVENT_ADDRESS = '/bystanders/event';

/**
 * Two honest clients over WebSocket: one sets a param that the other follows, the other publishes events that the
 * first follows. The received and acknowledged numbers must be 1, 2, 3 and so on, whatever else happens.
 */
export class Bystanders {
  readonly #desk: Bystander;
  readonly #lamp: Bystander;
  #sent = 0;
  /** Duration of the longest exchange, in milliseconds. Recorded for information; no test depends on speed. */
  slowestMs = 0;

  static async enter(url: string): Promise<Bystanders> {
    return new Bystanders(await Bystander.enter(url, EVENT_ADDRESS), await Bystander.enter(url, SET_ADDRESS));
  }

  private constructor(desk: Bystander, lamp: Bystander) {
    this.#desk = desk;
    this.#lamp = lamp;
  }

  /** Messages sent so far, in each direction. */
  get sent(): number {
    return this.#sent;
  }

  /**
   * Sends one message in each direction and waits for both, repeatedly. @throws Error if a message is lost,
   * duplicated or out of order
   */
  async exchange(count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      const began = performance.now();
      const number = ++this.#sent;
      this.#desk.send({ type: 'set', address: SET_ADDRESS, value: encodeValue(number) });
      this.#lamp.send({
        type: 'publish',
        address: EVENT_ADDRESS,
        signal: 'event',
        phase: 'start',
        value: encodeValue(number),
      });
      await eventually(() => {
        this.#check();
        return this.#desk.heard === number && this.#lamp.heard === number && this.#desk.acknowledged === number;
      }, `exchange ${number} of the bystanders`);
      this.slowestMs = Math.max(this.slowestMs, performance.now() - began);
    }
  }

  leave(): void {
    for (const bystander of [this.#desk, this.#lamp]) bystander.client.close();
  }

  #check(): void {
    for (const { fault } of [this.#desk, this.#lamp]) if (fault !== undefined) throw new Error(fault);
  }
}

class Bystander {
  readonly client: WebSocketClient;
  /** Last received number and last ACK; each directly followed its predecessor. */
  heard = 0;
  acknowledged = 0;
  fault: string | undefined;

  static async enter(url: string, follows: string): Promise<Bystander> {
    const client = await WebSocketClient.connect(url);
    const bystander = new Bystander(client);
    bystander.send({ type: 'hello', version: 1, name: 'bystander', token: BYSTANDER_TOKEN, features: [] });
    bystander.send({ type: 'subscribe', id: 1, pattern: follows });
    bystander.send({ type: 'ping' });
    await eventually(() => client.frames.some((frame) => messageIn(frame).type === 'pong'), 'a bystander to be let in');
    client.socket.on('message', (data: Buffer) => {
      bystander.#hear(messageIn(data)); // binaryType is 'nodebuffer', the default of ws
    });
    client.socket.on('close', () => (bystander.fault ??= 'a bystander was disconnected'));
    return bystander;
  }

  private constructor(client: WebSocketClient) {
    this.client = client;
  }

  send(message: Message): void {
    this.client.send(encodeFrame(message, { qos: Qos.Confirm }));
  }

  #hear(message: Message): void {
    this.client.frames.length = 0;
    switch (message.type) {
      case 'set':
      case 'publish':
        this.heard = this.#next(this.heard, Number(message.value?.decode()), message.type);
        return;
      case 'ack':
        this.acknowledged = this.#next(this.acknowledged, Number(message.revision), 'ack');
        return;
      default:
        this.fault ??= `a bystander received ${JSON.stringify(message)}`;
    }
  }

  #next(last: number, number: number, what: string): number {
    if (number !== last + 1) this.fault ??= `a bystander received ${what} ${number} after ${last}`;
    return number;
  }
}

function messageIn(data: Uint8Array | string): Message {
  if (typeof data === 'string') throw new Error('a binary client received a text frame');
  return decodeFrame(data).message;
}
