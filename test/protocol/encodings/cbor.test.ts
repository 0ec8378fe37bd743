import { describe, expect, it } from '@jest/globals';
import { encode } from 'cbor-x';
import { Reader } from '../../../src/protocol/bytes/reader.js';
import { readCbor } from '../../../src/protocol/encodings/cbor-reader.js';
import { DecodeError, EncodeError } from '../../../src/protocol/errors.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import { MAX_BUNDLE_DEPTH, MAX_VALUE_DEPTH } from '../../../src/protocol/limits.js';
import type { Message, PublishMessage, SetMessage } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { comparable } from '../../support/comparable.js';
import { fromHex, toHex } from '../../support/hex.js';
import { framed } from '../../support/mutate.mjs';

const CBOR = 0x02;

/** {"type": "set", "address": "/a", "value": …} */
const SET = 'a36474797065637365746761646472657373622f616576616c7565';

function readHex(payload: string): unknown {
  return comparable(decodeFrame(framed(fromHex(payload), CBOR)).message);
}

function readPlain(message: object): unknown {
  return comparable(decodeFrame(framed(encode(message), CBOR)).message);
}

function faultOf(run: () => unknown): { readonly fault: string; readonly message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof DecodeError) return { fault: error.fault, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('readCbor', () => {
  // RFC 8949, appendix A: every example of a type that CLASP has.
  it.each<[string, unknown]>([
    ['00', 0n],
    ['17', 23n],
    ['1818', 24n],
    ['1903e8', 1_000n],
    ['1a000f4240', 1_000_000n],
    ['1b000000e8d4a51000', 1_000_000_000_000n],
    ['1bffffffffffffffff', 18_446_744_073_709_551_615n],
    ['3bffffffffffffffff', -18_446_744_073_709_551_616n],
    ['20', -1n],
    ['3863', -100n],
    ['3903e7', -1_000n],
    ['f90000', 0],
    ['f98000', -0],
    ['f93c00', 1],
    ['fb3ff199999999999a', 1.1],
    ['f97bff', 65_504],
    ['fa47c35000', 100_000],
    ['fa7f7fffff', 3.4028234663852886e38],
    ['fb7e37e43c8800759c', 1e300],
    ['f90001', 5.960464477539063e-8],
    ['f90400', 0.00006103515625],
    ['f9c400', -4],
    ['f97c00', Infinity],
    ['f97e00', NaN],
    ['f9fc00', -Infinity],
    ['fa7f800000', Infinity],
    ['fb7ff8000000000000', NaN],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['f7', undefined],
    ['40', { bytes: [] }],
    ['4401020304', { bytes: [1, 2, 3, 4] }],
    ['60', ''],
    ['62225c', '"\\'],
    ['64f0908591', '\u{10151}'],
    ['80', []],
    ['83010203', [1n, 2n, 3n]],
    ['8301820203820405', [1n, [2n, 3n], [4n, 5n]]],
    ['a0', { map: [] }],
    ['a26161016162820203', { map: [['a', 1n], ['b', [2n, 3n]]] }], // prettier-ignore
    ['5f42010243030405ff', { bytes: [1, 2, 3, 4, 5] }],
    ['7f657374726561646d696e67ff', 'streaming'],
    ['9fff', []],
    ['9f018202039f0405ffff', [1n, [2n, 3n], [4n, 5n]]],
    ['83018202039f0405ff', [1n, [2n, 3n], [4n, 5n]]],
    ['bf61610161629f0203ffff', { map: [['a', 1n], ['b', [2n, 3n]]] }], // prettier-ignore
    ['bf6346756ef563416d7421ff', { map: [['Fun', true], ['Amt', -2n]] }], // prettier-ignore
    ['d840420102', { bytes: [1, 2] }],
    ['d90103a1616101', { map: [['a', 1n]] }],
  ])('reads %s', (hex, expected) => {
    const r = new Reader(fromHex(hex));
    expect(comparable(readCbor(r))).toEqual(expected);
    expect(r.left).toBe(0);
  });

  it('rejects each of its examples when truncated at any byte', () => {
    for (const hex of [
      '1b000000e8d4a51000',
      'fb3ff199999999999a',
      '9f018202039f0405ffff',
      'bf6346756ef563416d7421ff',
    ]) {
      for (let length = 0; length < hex.length / 2; length++) {
        expect(() => readCbor(new Reader(fromHex(hex.slice(0, 2 * length))))).toThrow(DecodeError);
      }
    }
  });
});

describe('CBOR messages', () => {
  it('have the form in which a JavaScript peer writes its objects', () => {
    const features = ['param', 'event'];
    expect(readPlain({ type: 'hello', version: 1, name: 'tablet', features, token: undefined })).toEqual({
      type: 'hello',
      version: 1,
      name: 'tablet',
      features,
    });
    // A timestamp exceeds 32 bits, so cbor-x writes it as a float64.
    expect(readPlain({ type: 'SYNC', t1: 1_704_067_200_000_000 })).toEqual({ type: 'sync', t1: 1_704_067_200_000_000 });
  });

  it('are written as a map that starts with its type', () => {
    const bytes = encodeFrame({ type: 'get', address: '/a' }, { encoding: 'cbor' });
    expect(toHex(bytes)).toBe('53020015a26474797065636765746761646472657373622f61');
  });

  it('keep Ints and Floats distinct', () => {
    const value = encodeValue([1, 1n, -0, -1n, 2n ** 63n - 1n, -(2n ** 63n)]);
    const { message } = decodeFrame(encodeFrame({ type: 'set', address: '/a', value }, { encoding: 'cbor' }));
    expect((message as SetMessage).value.equals(value)).toBe(true);
  });

  it('distinguish null from absent in PUBLISH', () => {
    const publish: PublishMessage = { type: 'publish', address: '/a' };
    expect(readPlain(publish)).toEqual(publish);
    expect(readPlain({ ...publish, value: undefined })).toEqual(publish);
    expect(readPlain({ ...publish, value: null })).toEqual({ ...publish, value: { value: null } });
    expect(readPlain({ ...publish, payload: null })).toEqual({ ...publish, value: { value: null } });
    expect(readPlain({ ...publish, value: null, payload: 5 })).toEqual({ ...publish, value: { value: null } });
    expect(readPlain({ ...publish, id: null, timeline: null })).toEqual(publish);
  });

  it('contain a value or samples, not both', () => {
    expect(readPlain({ type: 'publish', address: '/a', value: 'v', samples: [1] })).toEqual({
      type: 'publish',
      address: '/a',
      value: { value: 'v' },
    });
  });

  it('can be a map of indefinite length', () => {
    expect(readHex('bf64747970656470696e67ff')).toEqual({ type: 'ping' });
  });

  it.each([
    ['an empty map', 'a0', 'a message must have a type, which is a string'],
    ['an unknown type', 'a16474797065646e6f7065', 'no message has the type "nope"'],
    [
      'a type that is inherited from objects',
      'a164747970656b636f6e7374727563746f72',
      'no message has the type "constructor"',
    ],
    ['a repeated key', 'a264747970656470696e6764747970656470696e67', '"type" occurs twice in a message'],
    ['bytes after the map', 'a164747970656470696e6700', '1 bytes follow the message'],
    ['a key that is not a string', 'a10000', 'a map key must be a string'],
    ['an Int above 64 bits', `${SET}1b8000000000000000`, 'the integer 9223372036854775808 does not fit 64 bits'],
    ['an Int below 64 bits', `${SET}3b8000000000000000`, 'the integer -9223372036854775809 does not fit 64 bits'],
    ['a tag', `${SET}c074323031332d30332d32315432303a30343a30305a`, 'the tag 0 is not supported here'],
    ['a tag that does not fit its item', `${SET}d84001`, 'the tag 64 is not supported here'],
    ['a simple value', `${SET}f0`, 'a simple value with the additional information 16 is not supported here'],
    ['a break out of place', `${SET}ff`, 'a break is outside every item of indefinite length'],
    ['a reserved head', `${SET}1c`, 'a head with the additional information 28 is invalid here'],
    ['an integer of indefinite length', `${SET}1f`, 'a head with the additional information 31 is invalid here'],
    [
      'chunks of another kind',
      `${SET}7f4100ff`,
      'a string of indefinite length contains an item that is not one of its chunks',
    ],
    ['chunks inside chunks', `${SET}7f7f6100ffff`, 'a head with the additional information 31 is invalid here'],
    ['a string that is not UTF-8', `${SET}61ff`, 'the 1 bytes of a string are not UTF-8'],
    ['half a character in a chunk', `${SET}7f61c361a4ff`, 'the 1 bytes of a string are not UTF-8'],
    ['2^64-1 elements', `${SET}9bffffffffffffffff`, /^18446744073709551615 elements .* are claimed; 0 bytes are left$/],
    ['2^32-1 entries', `${SET}baffffffff`, /^4294967295 elements .* are claimed; 0 bytes are left$/],
    ['2^64-1 bytes', `${SET}5bffffffffffffffff`, '18446744073709551615 bytes are claimed; 0 bytes are left'],
  ])('with %s are rejected', (_, payload, message) => {
    const expected = message instanceof RegExp ? expect.stringMatching(message) : message;
    expect(faultOf(() => readHex(payload))).toEqual({ fault: 'CborDecode', message: expected });
  });

  it('nest as deep as the other forms: eight bundles, a keyframe, 64 levels of value', () => {
    const deepValue = (levels: number): Value => (levels === 0 ? null : [deepValue(levels - 1)]);
    const inBundles = (levels: number, message: Message): Message =>
      levels === 0 ? message : { type: 'bundle', messages: [inBundles(levels - 1, message)] };
    const keyframe = { time: 0, value: encodeValue(deepValue(MAX_VALUE_DEPTH)) };
    const deepest = inBundles(MAX_BUNDLE_DEPTH, {
      type: 'publish',
      address: '/a',
      timeline: { keyframes: [keyframe] },
    });
    const bytes = encodeFrame(deepest, { encoding: 'cbor' });
    expect(comparable(decodeFrame(bytes).message)).toEqual(comparable(deepest));

    expect(() => encodeFrame(inBundles(1, deepest), { encoding: 'cbor' })).toThrow(EncodeError);
    const tooDeep = 'a264747970656662756e646c65686d6573736167657381'.repeat(9) + 'a164747970656470696e67';
    expect(faultOf(() => readHex(tooDeep)).fault).toBe('DepthExceeded');
    expect(faultOf(() => readHex(SET + '81'.repeat(65) + 'f6')).fault).toBe('DepthExceeded');
    expect(faultOf(() => readHex(SET + '81'.repeat(60_000) + 'f6')).fault).toBe('DepthExceeded');
    expect(faultOf(() => readHex(SET + '9f'.repeat(60_000))).fault).toBe('DepthExceeded');
    expect(faultOf(() => readHex(SET + 'd90103'.repeat(20_000))).fault).toBe('CborDecode');
  });

  it.each<[string, Message]>([
    ['a number that is not an integer', { type: 'unsubscribe', id: 1.5 }],
    ['a number beyond its range', { type: 'unsubscribe', id: 2 ** 32 }],
    ['a negative time', { type: 'sync', t1: -1 }],
    ['a time of more than 64 bits', { type: 'sync', t1: 2n ** 64n }],
    ['a time that lost its low bits', { type: 'sync', t1: 2 ** 53 }],
  ])('with %s are not written', (_, message) => {
    expect(() => encodeFrame(message, { encoding: 'cbor' })).toThrow(
      expect.objectContaining({ fault: 'NotEncodable' }),
    );
  });

  it('larger than a frame are not written', () => {
    const value = encodeValue('x'.repeat(65_535));
    expect(() => encodeFrame({ type: 'set', address: '/a', value }, { encoding: 'cbor' })).toThrow(
      expect.objectContaining({ fault: 'PayloadTooLarge' }),
    );
  });

  it('write a lone surrogate as U+FFFD, like the other forms', () => {
    const bytes = encodeFrame({ type: 'get', address: '/\ud800' }, { encoding: 'cbor' });
    expect(decodeFrame(bytes).message).toEqual({ type: 'get', address: '/\ufffd' });
  });
});
