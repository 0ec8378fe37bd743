import { describe, expect, it } from '@jest/globals';
import { Decoder, encode } from 'cbor-x';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { decodeJson, encodeJson } from '../../../src/protocol/encodings/json.js';
import { Qos } from '../../../src/protocol/enumerations.js';
import { DecodeError } from '../../../src/protocol/errors.js';
import { decodeFrame, encodeFrame, type Frame } from '../../../src/protocol/frame.js';
import { defaultQos } from '../../../src/protocol/messages/index.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import type { U64 } from '../../../src/protocol/u64.js';
import { arbitraryFloat, arbitraryMessage, arbitraryU64, messageTypes } from '../../support/arbitraries.js';
import { comparable } from '../../support/comparable.js';
import { framed, mutatedFrame, Random } from '../../support/mutate.mjs';
import { plainMessage, withoutNegativeZero } from './plain-message.js';

const arbitrarySeed = fc.integer({ min: 0, max: 0xffff_ffff });

describe('CBOR', () => {
  it.each(messageTypes)('round-trips every %s', (type) => {
    const header = fc.record(
      { qos: fc.constantFrom(...Object.values(Qos)), timestamp: fc.option(arbitraryU64, { nil: undefined }) },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(arbitraryMessage({ types: [type] }), header, (message, { qos, timestamp }) => {
        const decoded = decodeFrame(encodeFrame(message, { qos, timestamp, encoding: 'cbor' }));
        expect(comparable(decoded)).toEqual(comparable({ qos, timestamp, message, encoding: 'cbor' }));
      }),
      { numRuns: 200 },
    );
  });

  it('reads the output of cbor-x with default options', () => {
    fc.assert(
      fc.property(foreignMessage, (message) => {
        const bytes = framed(encode(plainMessage(message, { integer: safeNumber, value: (value) => value })), 0x02);
        expectAlike(decodeFrame(bytes).message, message);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is readable by cbor-x', () => {
    const decoder = new Decoder({ mapsAsObjects: false });
    fc.assert(
      fc.property(arbitraryMessage(), (message) => {
        const payload = encodeFrame(message, { encoding: 'cbor' }).subarray(4);
        const plain = plainMessage(message, { integer: BigInt, value: (value) => value });
        expect(comparable(objects(decoder.decode(payload)))).toEqual(comparable(objects(plain)));
      }),
      { numRuns: 1_000 },
    );
  });

  it('returns a message or throws a DecodeError, for any bytes', () => {
    const corpus = fc.sample(arbitraryMessage(), { numRuns: 200, seed: 1 });
    const frames = corpus.map((message) => encodeFrame(message, { encoding: 'cbor' }));
    const hostile = fc.oneof(
      fc
        .tuple(fc.constantFrom(...frames), arbitrarySeed)
        .map(([frame, seed]) => mutatedFrame(frame, frames, new Random(seed))),
      fc
        .tuple(fc.integer({ min: 0xa0, max: 0xbf }), fc.uint8Array({ maxLength: 100 }))
        .map(([first, rest]) => framed(Uint8Array.of(first, ...rest), 0x02)),
    );
    fc.assert(
      fc.property(hostile, (bytes) => {
        const message = decodedOrRefused(() => decodeFrame(bytes));
        if (message === undefined) return;
        const again = decodeFrame(encodeFrame(message, { encoding: 'cbor' }));
        expect(comparable(again.message)).toEqual(comparable(message));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('JSON', () => {
  it.each(messageTypes)('round-trips every %s', (type) => {
    fc.assert(
      fc.property(arbitraryMessage({ types: [type] }), (message) => {
        const decoded = decodeJson(encodeJson(message));
        expect(comparable(decoded)).toEqual(comparable({ message, qos: defaultQos(message), encoding: 'json' }));
      }),
      { numRuns: 200 },
    );
  });

  it('re-encodes a decoded message to the same text', () => {
    fc.assert(
      fc.property(arbitraryMessage(), (message) => {
        const text = encodeJson(message);
        expect(encodeJson(decodeJson(text).message)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('returns a message or throws a DecodeError, for any text', () => {
    const texts = fc.sample(arbitraryMessage(), { numRuns: 200, seed: 1 }).map(encodeJson);
    const piece = fc.tuple(fc.constantFrom(...texts), fc.nat(), fc.nat()).map(([text, a, b]) => {
      const start = a % text.length;
      return [text.slice(0, start), text.slice(start + (b % 20))] as const;
    });
    const hostile = fc.oneof(
      fc
        .tuple(
          piece,
          fc.constantFrom('', '"', '{', '[', 'null', '-1', '1e999', '"$int"', '\\ud800', '{"$x":1}', ',"a":'),
        )
        .map(([[before, after], middle]) => before + middle + after),
      fc.json(),
      almostMessage.map((message) => JSON.stringify(message)),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const message = decodedOrRefused(() => decodeJson(text));
        if (message === undefined) return;
        expect(comparable(decodeJson(encodeJson(message)).message)).toEqual(comparable(message));
        encodeFrame(message, { encoding: 'cbor' });
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('MessagePack', () => {
  it('reads the output of msgpackr', () => {
    const packr = new Packr({ useRecords: false, mapsAsObjects: false, variableMapSize: true });
    fc.assert(
      fc.property(foreignMessage, (message) => {
        const bytes = framed(packr.pack(legacyPlain(message)), 0x01);
        const frame = decodeFrame(bytes);
        expect(frame.encoding).toBe('legacy');
        expectAlike(frame.message, asLegacyReads(message));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Messages whose Floats a library with one number type does not write as integers. */
const foreignMessage = arbitraryMessage({
  value: { float: arbitraryFloat.filter((float) => !Number.isInteger(float)) },
});

/** Valid field names with arbitrary content. */
const almostMessage = fc
  .tuple(
    fc.constantFrom(...messageTypes),
    fc.dictionary(
      fc.constantFrom(
        ...['address', 'value', 'id', 'pattern', 'types', 'signals', 'params', 'messages', 'timeline', 'revisions'],
        ...['version', 'name', 'features', 'options', 'meta', 'samples', 'ttl', 't1', 'op', 'code', 'message', 'qos'],
      ),
      fc.oneof(
        fc.jsonValue({ maxDepth: 3 }),
        fc.constantFrom('/a', 1, 0.5, '18446744073709551615', [{ type: 'ping' }], [{ address: '/a', type: 'param' }]),
        fc.constantFrom({ $int: '-9223372036854775808' }, { $map: [['$', 1]] }, { $bytes: 'AA==' }, { $float: 'NaN' }),
      ),
    ),
  )
  .map(([type, fields]) => ({ ...fields, type }));

/** An integer as a JavaScript program represents it. */
function safeNumber(integer: U64): U64 {
  return typeof integer === 'bigint' && Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

/** Structures as Maps: the output of a decoder that creates no objects. */
function objects(thing: unknown): unknown {
  if (Array.isArray(thing)) return thing.map(objects);
  if (typeof thing !== 'object' || thing === null || thing instanceof Uint8Array) return thing;
  const entries: [unknown, unknown][] = thing instanceof Map ? [...thing] : Object.entries(thing);
  return new Map(entries.map(([key, item]) => [key, objects(item)]));
}

/** A message in the shape that Rust writes (wire.md 8.2). */
function legacyPlain(message: Message): Record<string, unknown> {
  const plain = plainMessage(message, { integer: BigInt, value: (value) => value });
  const upper = message.type.replace(/[A-Z]/g, '_$&').toUpperCase();
  switch (message.type) {
    case 'set': {
      const { ttl, absolute, ...rest } = plain;
      if (ttl === undefined) return { ...rest, type: upper };
      return { ...rest, type: upper, ttl: { [absolute === true ? 'Absolute' : 'Sliding']: ttl } };
    }
    case 'federationSync': {
      const { op } = message;
      return { ...plain, type: upper, op: op.charAt(0).toUpperCase() + op.slice(1) };
    }
    case 'bundle':
      return { ...plain, type: upper, messages: message.messages.map(legacyPlain) };
    default:
      return { ...plain, type: upper };
  }
}

/** Replaces what this form cannot distinguish: null and absent in an optional field, no easing and a linear one. */
function asLegacyReads(message: Message): Message {
  switch (message.type) {
    case 'publish': {
      const { timeline } = message;
      const keyframes = timeline?.keyframes.map((keyframe) => ({ ...keyframe, easing: keyframe.easing ?? 'linear' }));
      return {
        ...message,
        value: message.value?.decode() === null ? undefined : message.value,
        timeline: timeline === undefined ? undefined : { ...timeline, keyframes: keyframes ?? [] },
      };
    }
    case 'announce':
    case 'result':
      return {
        ...message,
        signals: message.signals.map((signal) =>
          signal.meta?.default?.decode() === null
            ? { ...signal, meta: { ...signal.meta, default: undefined } }
            : signal,
        ),
      };
    case 'bundle':
      return { ...message, messages: message.messages.map(asLegacyReads) };
    default:
      return message;
  }
}

function expectAlike(received: Message, expected: Message): void {
  expect(withoutNegativeZero(comparable(received))).toEqual(withoutNegativeZero(comparable(expected)));
}

/** Returns the message, or undefined for an expected rejection. Any other exception fails the test. */
function decodedOrRefused(read: () => Frame): Message | undefined {
  try {
    return read().message;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
