import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Reader } from '../../../src/protocol/bytes/reader.js';
import { Writer } from '../../../src/protocol/bytes/writer.js';
import { DecodeError } from '../../../src/protocol/errors.js';
import { MAX_VALUE_DEPTH } from '../../../src/protocol/limits.js';
import { encodeValue, readEncodedValue } from '../../../src/protocol/values/encoded-value.js';
import { type Value, ValueType } from '../../../src/protocol/values/value.js';
import { readValue } from '../../../src/protocol/values/value-reader.js';
import { walkValue } from '../../../src/protocol/values/value-walker.js';
import { arbitraryFloat, arbitraryInt, arbitraryKey, arbitraryText } from '../../support/arbitraries.js';
import { comparable } from '../../support/comparable.js';

/** A value as a peer can write it, including narrow numbers, with its meaning and whether the bytes are canonical. */
interface WireValue {
  readonly type: number;
  readonly data: readonly number[];
  readonly value: Value;
  readonly canonical: boolean;
}

describe('walking a value', () => {
  it('ends at its end, recognizes canonical bytes, and reading returns the intended value', () => {
    fc.assert(
      fc.property(wireValue, fc.uint8Array(), fc.uint8Array(), (wire, before, after) => {
        const bytes = Uint8Array.from([...before, ...wire.data, ...after]);
        const start = before.length;
        const end = start + wire.data.length;
        expect({ ...walkValue(wire.type, bytes, start, bytes.length) }).toEqual({ end, canonical: wire.canonical });

        const r = new Reader(bytes, start);
        expect(comparable(readValue(wire.type, r))).toEqual(comparable(wire.value));
        expect(r.at).toBe(end);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps canonical bytes and widens all others', () => {
    fc.assert(
      fc.property(wireValue, (wire) => {
        const bytes = Uint8Array.from(wire.data);
        const encoded = readEncodedValue(wire.type, new Reader(bytes));
        expect(encoded.bytes === bytes).toBe(wire.canonical);
        expect(comparable(encoded.decode())).toEqual(comparable(wire.value));
        if (!wire.canonical) expect(encoded.equals(encodeValue(wire.value))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('rejects a truncated value without reading past its end', () => {
    fc.assert(
      fc.property(wireValue, (wire) => {
        // The missing bytes exist, but after the given end.
        const bytes = Uint8Array.from(wire.data);
        for (let end = Math.max(0, wire.data.length - 100); end < wire.data.length; end++) {
          expect(() => walkValue(wire.type, bytes, 0, end)).toThrow(DecodeError);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('accepts only bytes that the reader can read, byte by byte', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x0c }), fc.uint8Array({ maxLength: 40 }), (type, bytes) => {
        let end: number;
        try {
          end = walkValue(type, bytes, 0, bytes.length).end;
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
          return;
        }
        const r = new Reader(bytes);
        readValue(type, r); // must not throw: the walk is the only validation
        expect(r.at).toBe(end);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['array', ValueType.Array, [0, 1, 0x0a]],
    ['map', ValueType.Map, [0, 1, 0, 0, 0x0b]],
  ])('accepts nested %ss up to the depth limit and no deeper', (_, type, level) => {
    const nested = (depth: number): Uint8Array =>
      Uint8Array.from([...Array.from({ length: depth - 1 }, () => level).flat(), 0, 0]);
    expect(walkValue(type, nested(MAX_VALUE_DEPTH), 0, nested(MAX_VALUE_DEPTH).length).canonical).toBe(true);
    const beyond = nested(MAX_VALUE_DEPTH + 1);
    expect(() => walkValue(type, beyond, 0, beyond.length)).toThrow(
      expect.objectContaining({ fault: 'DepthExceeded' }),
    );
  });

  it('finds a repeated key among few and many', () => {
    for (const count of [2, 15, 16, 17, 18, 300]) {
      for (const repeated of [0, count - 2]) {
        const keys = Array.from({ length: count - 1 }, (_, i) => `k${i}`);
        const data = mapData([...keys, `k${repeated}`].map((key) => [key, nullValue] as const));
        expect({ count, repeated, canonical: walkValue(ValueType.Map, data, 0, data.length).canonical }).toEqual({
          count,
          repeated,
          canonical: false,
        });
      }
      const data = mapData(Array.from({ length: count }, (_, i) => [`k${i}`, nullValue] as const));
      expect(walkValue(ValueType.Map, data, 0, data.length).canonical).toBe(true);
    }
  });
});

const nullValue: WireValue = { type: ValueType.Null, data: [], value: null, canonical: true };

function written(write: (w: Writer) => void): number[] {
  const w = new Writer();
  write(w);
  return [...w.view()];
}

function mapData(entries: readonly (readonly [string, WireValue])[]): Uint8Array {
  return Uint8Array.from([
    ...written((w) => w.u16(entries.length)),
    ...entries.flatMap(([key, item]) => [...written((w) => w.str(key)), item.type, ...item.data]),
  ]);
}

/** A narrow integer type, written by a DataView, independent of the writer under test. */
function narrow(type: number, size: number, set: (view: DataView, value: number) => void): fc.Arbitrary<WireValue> {
  const limit = 2 ** (8 * size - 1);
  return fc.integer({ min: -limit, max: limit - 1 }).map((value) => {
    const view = new DataView(new ArrayBuffer(size));
    set(view, value);
    return { type, data: [...new Uint8Array(view.buffer)], value: BigInt(value), canonical: false };
  });
}

const wireLeaf: fc.Arbitrary<WireValue> = fc.oneof(
  fc.constant(nullValue),
  fc
    .integer({ min: 0, max: 255 })
    .map((byte) => ({ type: ValueType.Bool, data: [byte], value: byte !== 0, canonical: byte <= 1 })),
  narrow(ValueType.Int8, 1, (view, value) => view.setInt8(0, value)),
  narrow(ValueType.Int16, 2, (view, value) => view.setInt16(0, value)),
  narrow(ValueType.Int32, 4, (view, value) => view.setInt32(0, value)),
  fc.float().map((value) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value);
    return { type: ValueType.Float32, data: [...new Uint8Array(view.buffer)], value, canonical: false };
  }),
  arbitraryInt.map((value) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigInt64(0, value);
    return { type: ValueType.Int64, data: [...new Uint8Array(view.buffer)], value, canonical: true };
  }),
  arbitraryFloat.map((value) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return { type: ValueType.Float64, data: [...new Uint8Array(view.buffer)], value, canonical: true };
  }),
  arbitraryText.map((value) => {
    const utf8 = new TextEncoder().encode(value);
    return { type: ValueType.String, data: [utf8.length >> 8, utf8.length & 0xff, ...utf8], value, canonical: true };
  }),
  fc.uint8Array({ maxLength: 20 }).map((value) => ({
    type: ValueType.Bytes,
    data: [0, value.length, ...value],
    value,
    canonical: true,
  })),
);

const wireValue: fc.Arbitrary<WireValue> = fc.letrec<{ value: WireValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    { weight: 3, arbitrary: wireLeaf },
    {
      weight: 1,
      arbitrary: fc.array(tie('value'), { maxLength: 4 }).map((items) => ({
        type: ValueType.Array,
        data: [...written((w) => w.u16(items.length)), ...items.flatMap((item) => [item.type, ...item.data])],
        value: items.map((item) => item.value),
        canonical: items.every((item) => item.canonical),
      })),
    },
    {
      weight: 1,
      // Keys can be repeated: the first position and the last value count.
      arbitrary: fc
        .array(fc.tuple(fc.oneof(arbitraryKey, fc.constantFrom('a', 'b')), tie('value')), { maxLength: 5 })
        .map((entries) => ({
          type: ValueType.Map,
          data: [...mapData(entries)],
          value: new Map(entries.map(([key, item]) => [key, item.value])),
          canonical:
            new Set(entries.map(([key]) => key)).size === entries.length && entries.every(([, item]) => item.canonical),
        })),
    },
  ),
})).value;
