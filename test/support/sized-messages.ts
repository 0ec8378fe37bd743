import { expect } from '@jest/globals';
import { decodeJson, encodeJson } from '../../src/protocol/encodings/json.js';
import { decodeFrame, encodeFrame, type Frame } from '../../src/protocol/frame.js';
import type { Message, PublishMessage } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { type CoreHarness, type Peer, plain } from './core-harness.js';

/** Maximum payload bytes of a frame. */
export const MOST = 65_535;
/** Maximum bytes of address and value in a SET, which a SNAPSHOT must still carry. */
export const MOST_OF_SET = 65_474;

/** How peers of the tests read: each encoding, and an in-process session. */
export type Receiver = 'binary' | 'cbor' | 'json' | 'local';

export const receivers: readonly Receiver[] = ['binary', 'cbor', 'json', 'local'];

export function joinAs(harness: CoreHarness, receiver: Receiver): Peer {
  return receiver === 'local' ? harness.join(receiver, 'binary', { isLocal: true }) : harness.join(receiver, receiver);
}

/** One peer of each kind, subscribed to everything. */
export function readersOf(harness: CoreHarness): ReadonlyMap<Receiver, Peer> {
  const readers = new Map(receivers.map((receiver) => [receiver, joinAs(harness, receiver)]));
  for (const reader of readers.values()) {
    reader.subscribe(1, '/**');
    reader.read();
  }
  return readers;
}

/** A PUBLISH whose payload has exactly `payloadBytes` bytes in compact binary; its value is a string. */
export function publishOf(payloadBytes: number, fields: Partial<PublishMessage> = {}): PublishMessage {
  const message = (text: string): PublishMessage => ({
    type: 'publish',
    address: '/a',
    signal: 'event',
    ...fields,
    value: encodeValue(text),
  });
  const empty = payloadLength(message(''));
  return message('x'.repeat(payloadBytes - empty));
}

export function payloadLength(message: Message): number {
  return encodeFrame(message).length - 4;
}

/** A message as a router decodes it from this encoding, in a frame of maximum size. */
export function asReceived(message: Message, encoding: 'binary' | 'cbor' | 'json' = 'binary'): Frame {
  if (encoding === 'json') return decodeJson(encodeJson(message));
  return decodeFrame(encodeFrame(message, { encoding, timestamp: 1_767_225_600_000_000 }));
}

/** Sends a received frame, with its QoS. */
export function sendFrame(peer: Peer, { message, qos, encoding }: Frame): void {
  peer.send(message, { qos, encoding });
}

/** Returns the numbers in an ERROR's text. */
export function numbersIn(message: Message | undefined): readonly number[] {
  if (message?.type !== 'error') throw new Error(`this is no ERROR: ${JSON.stringify(message)}`);
  return (message.message.match(/\d+/g) ?? []).map(Number);
}

/** Expects exactly one ERROR, with these numbers in its text. */
export function expectError(
  messages: readonly Message[],
  error: { readonly code: number; readonly address?: string },
  ...numbers: readonly number[]
): void {
  expect(messages).toMatchObject([{ type: 'error', ...error }]);
  expect(numbersIn(messages[0])).toEqual(numbers);
}

/** Expects that each reader received exactly this, except a CBOR reader whose frame it does not fit. */
export function expectDelivered(readers: ReadonlyMap<string, Peer>, message: Message, cborBytes?: number): void {
  for (const [receiver, reader] of readers) {
    const received = reader.read();
    if (receiver === 'cbor' && cborBytes !== undefined) {
      expectError(received, { code: 500, address: '/a' }, cborBytes, MOST);
      continue;
    }
    expect([receiver, plain(received)]).toEqual([receiver, plain([message])]);
  }
}

/** Payload bytes in CBOR. */
export function cborLength(message: Message): number {
  try {
    return encodeFrame(message, { encoding: 'cbor' }).length - 4;
  } catch (error) {
    return Number(/\d+/.exec(String(error))?.[0]);
  }
}
