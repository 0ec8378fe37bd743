import { decode as officialDecode, encode as officialEncode } from '@clasp-to/core';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeFrame, defaultQos, encodeFrame } from '../../src/protocol/frame.js';
import type { Message, MessageType } from '../../src/protocol/messages/message.js';
import { arbitraryMessage, arbitrarySafeU64, arbitraryText, messageTypes } from '../support/arbitraries.js';
import { comparable } from '../support/comparable.js';
import { toHex } from '../support/hex.js';
import { messageFromOfficial, officialFromMessage } from '../support/official.js';

/**
 * What the official JavaScript client 3.3.2 can say:
 * - no REPLAY and no FEDERATION_SYNC, which came with 4.0.1;
 * - no Int: a bigint is written as null, and every number as a Float;
 * - no u64 beyond 2^53-1: it reads them into doubles;
 * - no text that is empty where it is optional (writer, holder, address of an ACK, ...): it leaves the field out;
 * - no U+FEFF in front of a text: its decoder removes it;
 * - no map with `__proto__` or integer-like keys: its objects lose the first and reorder the others;
 * - no message above its buffer of 4,096 bytes: it throws.
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

/** Fields it does not know: the TTL of 4.2.0 and the federation feature of 4.0.1. In bundles too. */
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
  it.each(speakable)('writes every %s as we do', (type) => {
    fc.assert(
      fc.property(arbitraryOfficial(type), (message) => {
        expect(toHex(officialBytes(message))).toBe(toHex(encodeFrame(message, { qos: defaultQos(message) })));
      }),
      { numRuns: 150 },
    );
  });

  it.each(speakable)('is understood by us when it says any %s', (type) => {
    fc.assert(
      fc.property(arbitraryOfficial(type), (message) => {
        expect(comparable(decodeFrame(officialBytes(message)).message)).toEqual(comparable(message));
      }),
      { numRuns: 150 },
    );
  });

  it.each(speakable)('understands every %s of ours', (type) => {
    fc.assert(
      fc.property(arbitraryOfficial(type), (message) => {
        const understood = messageFromOfficial(officialDecode(encodeFrame(message)));
        expect(comparable(understood)).toEqual(comparable(message));
      }),
      { numRuns: 150 },
    );
  });
});

/** Its encoder's bytes, under our QoS: its default for a timeline is another (wire.md Q32). */
function officialBytes(message: Message): Uint8Array {
  // Of its shape by construction, and its QoS codes are ours; the cast stands for 19 type guards.
  const encode = officialEncode as unknown as (message: object, qos: number) => Uint8Array;
  return encode(officialFromMessage(message), defaultQos(message));
}
