import { decode as officialDecode, encode as officialEncode } from '@clasp-to/core';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import { defaultQos } from '../../src/protocol/messages/index.js';
import type { Message, MessageType } from '../../src/protocol/messages/message.js';
import { arbitraryMessage, arbitrarySafeU64, arbitraryText, messageTypes } from '../support/arbitraries.js';
import { comparable } from '../support/comparable.js';
import { toHex } from '../support/hex.js';
import { messageFromOfficial, officialFromMessage } from '../support/official.js';

/**
 * Messages that the official JavaScript client 3.3.2 can represent:
 * - no REPLAY and no FEDERATION_SYNC, which were added in 4.0.1;
 * - no Int: a bigint is written as null, and every number as a Float;
 * - no u64 beyond 2^53-1: the client reads them into doubles;
 * - no empty string in an optional field (writer, holder, address of an ACK, ...): the client omits the field;
 * - no U+FEFF at the start of a string: its decoder removes it;
 * - no map with `__proto__` or integer-like keys: its objects lose the first and reorder the others;
 * - no message above its buffer of 4,096 bytes: the client throws.
 */
const text = arbitraryText.filter((text) => text !== '' && !text.startsWith('\ufeff'));
const key = fc
  .oneof(text, fc.constantFrom('constructor', 'toString', 'hasOwnProperty', '$int', 'type'))
  .filter((key) => key !== '__proto__' && !/^\d+$/.test(key));

const speakable: readonly MessageType[] = messageTypes.filter((type) => type !== 'replay' && type !== 'federationSync');

function arbitraryOfficial(type: MessageType): fc.Arbitrary<Message> {
  const options = {
    binary: true,
    text,
    address: text.map((rest) => `/${rest}`),
    pattern: text.map((rest) => `/${rest}/**`),
  };
  return arbitraryMessage({ ...options, types: [type], u64: arbitrarySafeU64, value: { ints: false, text, key } })
    .map(withoutLateFields)
    .filter((message) => encodeFrame(message).length < 4_000);
}

/** Removes fields that it does not know, in bundles too: the TTL of 4.2.0 and the federation feature of 4.0.1. */
function withoutLateFields(message: Message): Message {
  switch (message.type) {
    case 'set':
      return { ...message, ttl: undefined, absolute: undefined };
    case 'hello':
      return { ...message, features: message.features.filter((feature) => feature !== 'federation') };
    case 'bundle':
      return {
        ...message,
        messages: message.messages.filter(({ type }) => speakable.includes(type)).map(withoutLateFields),
      };
    default:
      return message;
  }
}

describe('the official JavaScript client', () => {
  it.each(speakable)('writes every %s as this library does', (type) => {
    fc.assert(
      fc.property(arbitraryOfficial(type), (message) => {
        expect(toHex(officialBytes(message))).toBe(toHex(encodeFrame(message, { qos: defaultQos(message) })));
      }),
      { numRuns: 150 },
    );
  });

  it.each(speakable)('writes any %s so that this library reads it', (type) => {
    fc.assert(
      fc.property(arbitraryOfficial(type), (message) => {
        expect(comparable(decodeFrame(officialBytes(message)).message)).toEqual(comparable(message));
      }),
      { numRuns: 150 },
    );
  });

  it.each(speakable)('reads every %s of this library', (type) => {
    fc.assert(
      fc.property(arbitraryOfficial(type), (message) => {
        const understood = messageFromOfficial(officialDecode(encodeFrame(message)));
        expect(comparable(understood)).toEqual(comparable(message));
      }),
      { numRuns: 150 },
    );
  });
});

/** The bytes of its encoder with this library's QoS. Its default QoS for a timeline differs (wire.md Q32). */
function officialBytes(message: Message): Uint8Array {
  // The shape is right by construction, and the QoS codes are equal. The cast replaces 19 type guards.
  const encode = officialEncode as unknown as (message: object, qos: number) => Uint8Array;
  return encode(officialFromMessage(message), defaultQos(message));
}
