import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { signalTypes } from '../../../src/protocol/enumerations.js';
import { DecodeError, EncodeError } from '../../../src/protocol/errors.js';
import type { Frame } from '../../../src/protocol/frame.js';
import type { Message, PublishMessage, SetMessage } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { arbitraryMessage, arbitraryValue } from '../../support/arbitraries.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';
import { asReceived, numbersIn, readersOf, type Receiver, sendFrame } from '../../support/sized-messages.js';

/** Bytes of address and value that fit in every encoding. */
const FITS_EVERYWHERE = 65_000;

/** Approximate value sizes in bytes of compact binary, concentrated around the limits. */
const arbitrarySize = fc.oneof(
  fc.integer({ min: 65_300, max: 65_560 }),
  fc.integer({ min: 64_900, max: 65_010 }),
  fc.integer({ min: 0, max: 70_000 }),
);

/** Values of approximately this size, including those that grow most in another encoding. */
const arbitraryLarge: fc.Arbitrary<Value> = fc
  .tuple(arbitrarySize, fc.integer({ min: 0, max: 9 }), fc.constantFrom('x', '\u0001', 'é', '"', '日', '💡'))
  .map(([size, kind, letter]) => {
    const list = (bytes: number, item: Value): Value =>
      new Array<Value>(Math.min(Math.floor(size / bytes), 65_535)).fill(item);
    switch (kind) {
      case 0:
        return new Uint8Array(Math.min(size, 65_535));
      case 1:
        return list(1, null);
      case 2:
        return list(9, 5n);
      case 3:
        return list(9, 0.1234567890123456);
      case 4:
        return list(9, -Infinity);
      case 5:
        return list(7, new Map([['$', null]]));
      case 6: // keys whose header is longer in CBOR
        return new Map(Array.from({ length: Math.floor(size / 260) }, (_, i) => [String(i).padEnd(256, letter === 'x' ? 'k' : 'l'), null])); // prettier-ignore
      case 7:
        return list(303, ['y'.repeat(294)]);
      default:
        return letter.repeat(Math.floor(Math.min(size, 65_535) / Buffer.byteLength(letter)));
    }
  });

const arbitraryContent = fc.oneof({ weight: 3, arbitrary: arbitraryLarge }, { weight: 1, arbitrary: arbitraryValue() });

const arbitraryPublish: fc.Arbitrary<PublishMessage> = fc.record(
  {
    type: fc.constant('publish' as const),
    address: fc.constantFrom('/a', `/${'p'.repeat(1_023)}`),
    signal: fc.constantFrom(...signalTypes),
    value: arbitraryContent.map(encodeValue),
    samples: arbitrarySize.map((size) => new Array<number>(Math.floor(size / 8)).fill(0.25)),
    timestamp: fc.constant(5),
    id: fc.constant(7),
    rate: fc.constant(48_000),
  },
  { requiredKeys: ['type', 'address', 'signal'], noNullPrototype: true },
);

const arbitrarySet: fc.Arbitrary<SetMessage> = fc.record(
  {
    type: fc.constant('set' as const),
    address: fc.constantFrom('/a', `/${'s'.repeat(1_023)}`),
    value: arbitraryContent.map(encodeValue),
    ttl: fc.constant(60),
    lock: fc.constant(true),
    unlock: fc.constant(true),
  },
  { requiredKeys: ['type', 'address', 'value'], noNullPrototype: true },
);

const arbitraryEncoding = fc.constantFrom('binary' as const, 'cbor' as const, 'json' as const);

/** The frame as a router reads it; undefined if no peer can send it. */
function received(message: Message, encoding: 'binary' | 'cbor' | 'json'): Frame | undefined {
  try {
    return asReceived(message, encoding);
  } catch (error) {
    if (error instanceof EncodeError || error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** A router without gesture throttling, with a reader per encoding. */
function stage(): { harness: CoreHarness; readers: ReadonlyMap<Receiver, Peer>; sender: Peer } {
  const harness = new CoreHarness({ gestureIntervalMs: 0 });
  return { harness, readers: readersOf(harness), sender: harness.join('sender') };
}

/** Expects that a refused write is explained with numbers, and that no reader has received any of it. */
function expectRefused(error: Message | undefined, readers: ReadonlyMap<Receiver, Peer>): void {
  expect(error).toMatchObject({ type: 'error', code: 402 });
  const [size, limit] = numbersIn(error);
  expect(size).toBeGreaterThan(limit!);
  for (const reader of readers.values()) expect(reader.read()).toEqual([]);
}

/** Expects that each reader receives the content, or, if that is larger than fits everywhere, an ERROR with numbers. */
function expectForwarded(message: SetMessage | PublishMessage, readers: ReadonlyMap<Receiver, Peer>): void {
  const { address, value } = message;
  const samples = message.type === 'publish' && value === undefined ? message.samples : undefined;
  const bytes = address.length + (value?.byteLength ?? 8 * (samples?.length ?? 0));
  for (const [receiver, reader] of readers) {
    const [copy, ...more] = reader.read();
    expect([receiver, more]).toEqual([receiver, []]);
    if (copy?.type === 'error') {
      expect([receiver, copy.code, copy.address]).toEqual(['cbor', 500, address]);
      expect(numbersIn(copy)[0]).toBeGreaterThan(65_535);
      // A sample takes nine bytes in CBOR.
      expect(samples === undefined ? bytes : (bytes * 9) / 8).toBeGreaterThan(FITS_EVERYWHERE);
      continue;
    }
    if (copy?.type !== message.type) throw new Error(`the ${receiver} reader got ${copy?.type ?? 'nothing'}`);
    expect(copy.address).toBe(address);
    expect(copy.value === undefined ? value === undefined : value?.equals(copy.value)).toBe(true);
    if (copy.type === 'publish') expect(copy.samples?.length).toBe(samples?.length);
  }
}

describe('a message that a peer can send', () => {
  it('as SET is stored and reaches all readers as SET and as SNAPSHOT, or is refused with numbers', () => {
    fc.assert(
      fc.property(arbitrarySet, arbitraryEncoding, (message, encoding) => {
        const frame = received(message, encoding);
        fc.pre(frame !== undefined);
        const { harness, readers, sender } = stage();
        sendFrame(sender, { ...frame, qos: 1 });
        const [reply] = sender.read();
        if (reply?.type !== 'ack') {
          expectRefused(reply, readers);
          expect(harness.core.paramCount).toBe(0);
          return;
        }
        expectForwarded(message, readers);
        for (const [receiver, reader] of readers) {
          reader.send({ type: 'get', address: message.address });
          const [answer] = reader.read();
          if (answer?.type === 'snapshot') expect(answer.params[0]?.value.equals(message.value)).toBe(true);
          else {
            expect([receiver, answer]).toMatchObject(['cbor', { type: 'error', code: 500, address: message.address }]);
            expect(message.address.length + message.value.byteLength).toBeGreaterThan(FITS_EVERYWHERE);
          }
        }
      }),
      { numRuns: 80 },
    );
  });

  it('as PUBLISH reaches all readers, or is refused with numbers', () => {
    fc.assert(
      fc.property(arbitraryPublish, arbitraryEncoding, (message, encoding) => {
        const frame = received(message, encoding);
        fc.pre(frame !== undefined);
        const { readers, sender } = stage();
        sendFrame(sender, frame);
        const [error] = sender.read();
        if (error === undefined) expectForwarded(message, readers);
        else expectRefused(error, readers);
      }),
      { numRuns: 80 },
    );
  });

  it('as PUBLISH with keyframes reaches all readers, the keyframes those whose encoding has them', () => {
    // An empty byte string grows most: one byte in CBOR, fourteen in JSON.
    const arbitraryKeyframes = fc.array(
      fc.oneof(
        arbitraryValue(),
        fc.constantFrom(0, 20_000, 65_400).map((count) => new Array<Value>(count).fill(new Uint8Array())),
      ),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(arbitraryKeyframes, fc.constantFrom('cbor' as const, 'json' as const), (values, encoding) => {
        const keyframes = values.map((value, time) => ({ time, value: encodeValue(value) }));
        const message: Message = { type: 'publish', address: '/a', signal: 'timeline', timeline: { keyframes } };
        const frame = received(message, encoding);
        fc.pre(frame !== undefined);
        const { readers, sender } = stage();
        sendFrame(sender, frame);
        expect(sender.read()).toEqual([]);
        for (const [receiver, reader] of readers) {
          const [copy] = reader.read();
          if (copy?.type === 'error') {
            expect([receiver, copy.code, encoding]).toEqual(['cbor', 500, 'json']);
            expect(numbersIn(copy)[0]).toBeGreaterThan(65_535);
          } else if (copy?.type === 'publish') {
            const arrived = copy.timeline?.keyframes.map(({ value }) => value.byteLength);
            const sent = keyframes.map(({ value }) => value.byteLength);
            expect([receiver, arrived]).toEqual([receiver, receiver === 'binary' ? undefined : sent]);
          } else throw new Error(`the ${receiver} reader got ${copy?.type ?? 'nothing'}`);
        }
      }),
      { numRuns: 15 },
    );
  });

  it('as BUNDLE reaches all readers message by message, or is refused entirely with numbers', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(arbitrarySet, arbitraryPublish), { minLength: 1, maxLength: 3 }),
        arbitraryEncoding,
        (messages, encoding) => {
          const frame = received({ type: 'bundle', messages }, encoding);
          fc.pre(frame !== undefined);
          const { readers, sender } = stage();
          sendFrame(sender, { ...frame, qos: 2 });
          const [reply] = sender.read();
          if (reply?.type !== 'ack') return expectRefused(reply, readers);
          for (const reader of readers.values()) expect(reader.read()).toHaveLength(messages.length);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of any type is answered, forwarded or refused, and never ends its session', () => {
    const silent: readonly Message['type'][] = ['unsubscribe', 'welcome', 'snapshot', 'pong', 'ack', 'error', 'result'];
    fc.assert(
      fc.property(arbitraryMessage(), arbitraryEncoding, (message, encoding) => {
        const frame = received(message, encoding);
        fc.pre(frame !== undefined);
        const { harness, readers, sender } = stage();
        sendFrame(sender, { ...frame, qos: 1 });
        expect(sender.session.phase).toBe('active');
        const replies = sender.read();
        if (silent.includes(message.type)) return expect(replies).toEqual([]);
        if (message.type === 'subscribe' && replies.length === 0) return expect(harness.core.subscriptionCount).toBe(5);
        if (replies.length > 0) return;
        expect(message.type).toBe('publish');
        for (const reader of readers.values()) expect(reader.read()).toHaveLength(1);
      }),
      { numRuns: 1_000 },
    );
  });
});
