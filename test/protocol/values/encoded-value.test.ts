import { describe, expect, it } from '@jest/globals';
import { Reader } from '../../../src/protocol/bytes/reader.js';
import { Writer } from '../../../src/protocol/bytes/writer.js';
import { EncodeError } from '../../../src/protocol/errors.js';
import { MAX_VALUE_DEPTH } from '../../../src/protocol/limits.js';
import {
  encodedNull,
  type EncodedValue,
  encodeValue,
  readTypedValue,
  writeTypedValue,
} from '../../../src/protocol/values/encoded-value.js';
import { INT_MAX, INT_MIN, type Value, ValueType } from '../../../src/protocol/values/value.js';
import { fromHex, toHex } from '../../support/hex.js';

function typedHex(value: EncodedValue): string {
  const w = new Writer();
  writeTypedValue(w, value);
  return toHex(w.view());
}

describe('encodeValue', () => {
  it.each<[string, Value, string]>([
    ['null', null, '00'],
    ['a bool', true, '0101'],
    ['an Int, always as 64 bits', 5n, '050000000000000005'],
    ['a negative Int', -1n, '05ffffffffffffffff'],
    ['the minimum Int', INT_MIN, '058000000000000000'],
    ['the maximum Int', INT_MAX, '057fffffffffffffff'],
    ['a Float, also a whole one', 5, '074014000000000000'],
    ['negative zero', -0, '078000000000000000'],
    ['a string', 'é', '080002c3a9'],
    ['bytes', Uint8Array.of(1, 2), '0900020102'],
    ['an array', [null, [true]], '0a0002000a00010101'],
    [
      'a map, in its own order',
      new Map<string, Value>([
        ['b', null],
        ['2', null],
        ['__proto__', 1n],
      ]),
      '0b0003000162000001320000095f5f70726f746f5f5f050000000000000001',
    ],
  ])('writes %s', (_, value, hex) => expect(typedHex(encodeValue(value))).toBe(hex));

  it.each<[string, Value]>([
    ['an Int above 64 bits', INT_MAX + 1n],
    ['an Int below 64 bits', INT_MIN - 1n],
    ['an array nested too deep', nested(MAX_VALUE_DEPTH + 1)],
  ])('rejects %s', (_, value) => {
    expect(() => encodeValue(value)).toThrow(EncodeError);
    expect(() => encodeValue(value)).toThrow(expect.objectContaining({ fault: 'NotEncodable' }));
  });

  it('accepts the deepest value', () => {
    expect(encodeValue(nested(MAX_VALUE_DEPTH)).decode()).toEqual(nested(MAX_VALUE_DEPTH));
  });
});

describe('EncodedValue', () => {
  it('is a view into its frame until it is copied', () => {
    const frame = fromHex('ff 08 0002 6162 ff');
    const view = readTypedValue(new Reader(frame, 1));
    const copy = view.copy();
    expect([view.type, view.byteLength, view.bytes]).toEqual([ValueType.String, 4, frame]);
    expect(view.equals(copy)).toBe(true);
    frame.fill(0x78, 4, 6);
    expect([view.decode(), copy.decode()]).toEqual(['xx', 'ab']);
    expect(view.equals(copy)).toBe(false);
    expect(copy.bytes).toHaveLength(4);
  });

  it('returns bytes that the reader owns', () => {
    const frame = fromHex('09 0001 61');
    const bytes = readTypedValue(new Reader(frame)).decode() as Uint8Array; // type 9
    frame.fill(0);
    expect(toHex(bytes)).toBe('61');
  });

  it.each<[Value, Value]>([
    [1, 1n],
    [0, -0],
    [0, false],
    ['', new Uint8Array(0)],
    [[], new Map()],
    ['ab', 'abc'],
    [null, false],
  ])('distinguishes %j from similar values', (one, other) => {
    expect(encodeValue(one).equals(encodeValue(one))).toBe(true);
    expect(encodeValue(one).equals(encodeValue(other))).toBe(false);
  });

  it('of null has no bytes', () => {
    expect([encodedNull.type, encodedNull.byteLength, encodedNull.decode()]).toEqual([ValueType.Null, 0, null]);
  });
});

function nested(depth: number): Value {
  return depth === 1 ? [] : [nested(depth - 1)];
}
