import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Reader } from '../../../src/protocol/bytes/reader.js';
import { Writer } from '../../../src/protocol/bytes/writer.js';
import { DecodeError, EncodeError } from '../../../src/protocol/errors.js';
import {
  arbitraryFloat,
  arbitraryText,
  arbitraryU16,
  arbitraryU32,
  arbitraryU64,
  arbitraryU8,
} from '../../support/arbitraries.js';
import { fromHex, toHex } from '../../support/hex.js';

describe('Writer', () => {
  it('writes numbers big-endian, as DataView does', () => {
    fc.assert(
      fc.property(arbitraryU8, arbitraryU16, arbitraryU32, arbitraryU64, arbitraryFloat, (u8, u16, u32, u64, f64) => {
        const view = new DataView(new ArrayBuffer(23));
        view.setUint8(0, u8);
        view.setUint16(1, u16);
        view.setUint32(3, u32);
        view.setBigUint64(7, BigInt(u64));
        view.setFloat64(15, f64);
        const w = new Writer(1);
        w.u8(u8);
        w.u16(u16);
        w.u32(u32);
        w.u64(u64);
        w.f64(f64);
        expect(toHex(w.view())).toBe(toHex(new Uint8Array(view.buffer)));

        const r = new Reader(w.view());
        expect([r.u8(), r.u16(), r.u32(), r.u64(), r.f64(), r.left]).toEqual([u8, u16, u32, u64, f64, 0]);
      }),
    );
  });

  it('writes the canonical NaN, also for a NaN that was read with a payload', () => {
    for (const hex of ['7ff8000000000000', 'fff8000000000001', '7ff0000000000001', 'ffffffffffffffff']) {
      const w = new Writer(1);
      w.f64(new Reader(fromHex(hex)).f64());
      expect(toHex(w.view())).toBe('7ff8000000000000');
    }
  });

  it('writes strings as TextEncoder does, after their length', () => {
    const lone = fc.constantFrom('\ud800', 'a\udc00b', '\ud800\ud800x');
    fc.assert(
      fc.property(fc.oneof(arbitraryText, lone), fc.nat(20), (text, before) => {
        const w = new Writer(1);
        for (let i = 0; i < before; i++) w.u8(0xee);
        w.str(text);
        const utf8 = new TextEncoder().encode(text);
        expect(toHex(w.view(before))).toBe(utf8.length.toString(16).padStart(4, '0') + toHex(utf8));
        expect(new Reader(w.view(before)).str()).toBe(new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8));
      }),
    );
  });

  it.each([
    ['ASCII', 'x', 65_535, 65_536],
    ['two-byte text', 'é', 32_767, 32_768],
    ['four-byte text', '💡', 16_383, 16_384],
    ['text after ASCII', `${'x'.repeat(65_533)}é`, 1, 2],
  ])('accepts %s up to 65,535 bytes', (_, text, fitting, tooLong) => {
    const w = new Writer();
    w.str(text.repeat(fitting));
    expect(new Reader(w.view()).str()).toBe(text.repeat(fitting));
    expect(() => new Writer().str(text.repeat(tooLong))).toThrow(EncodeError);
    expect(() => new Writer().str(text.repeat(tooLong))).toThrow(expect.objectContaining({ fault: 'PayloadTooLarge' }));
  });

  it('copies a few or many bytes from the middle of a source', () => {
    const source = Uint8Array.from({ length: 500 }, (_, i) => i & 0xff);
    for (const length of [0, 1, 95, 96, 97, 300]) {
      const w = new Writer(1);
      w.raw(source, 100, 100 + length);
      expect(toHex(w.view())).toBe(toHex(source.subarray(100, 100 + length)));
    }
  });

  it('rejects a count that exceeds its field', () => {
    const w = new Writer();
    w.count(65_535, 'list');
    expect(toHex(w.view())).toBe('ffff');
    expect(() => w.count(65_536, 'list')).toThrow('list of 65536 is too large; the limit is 65535');
  });
});

describe('Reader', () => {
  const reads: Readonly<Record<string, readonly [size: number, (r: Reader) => unknown]>> = {
    u8: [1, (r) => r.u8()],
    u16: [2, (r) => r.u16()],
    u32: [4, (r) => r.u32()],
    u64: [8, (r) => r.u64()],
    f64: [8, (r) => r.f64()],
    str: [2, (r) => r.str()],
    address: [2, (r) => r.address()],
    count: [2, (r) => r.count(1)],
  };

  it.each(Object.entries(reads))('never reads a %s past its end', (_, [size, read]) => {
    const bytes = new Uint8Array(20);
    for (let left = 0; left < size; left++) {
      expect(() => read(new Reader(bytes, 5, 5 + left))).toThrow(
        expect.objectContaining({ fault: 'TruncatedPayload' }),
      );
    }
    expect(() => read(new Reader(bytes, 5, 5 + size + 8))).not.toThrow();
  });

  it('rejects a string longer than the remaining bytes', () => {
    for (const read of [reads.str![1], reads.address![1]]) {
      expect(() => read(new Reader(fromHex('0003 6162 63'), 0, 4))).toThrow(
        expect.objectContaining({ fault: 'LengthOverrun' }),
      );
      expect(read(new Reader(fromHex('0002 6162 63')))).toBe('ab');
      expect(read(new Reader(fromHex('0000')))).toBe('');
      expect(() => read(new Reader(fromHex('0001 ff')))).toThrow(expect.objectContaining({ fault: 'InvalidUtf8' }));
    }
  });

  it('rejects a count of elements that cannot fit', () => {
    const counted = (claimed: number, left: number): (() => number) => {
      const bytes = new Uint8Array(2 + left);
      bytes.set([claimed >> 8, claimed & 0xff]);
      return () => new Reader(bytes).count(10);
    };
    expect(counted(0, 0)()).toBe(0);
    expect(new Reader(new Uint8Array(2)).count(1)).toBe(0);
    expect(counted(2, 20)()).toBe(2);
    expect(counted(2, 12)()).toBe(2); // The second element starts. Its own reader reports the missing bytes.
    expect(counted(2, 11)).toThrow(expect.objectContaining({ fault: 'CountOverrun' }));
    expect(counted(1, 0)).toThrow(DecodeError);
    expect(counted(65_535, 1_000)).toThrow(DecodeError);
  });

  it('reads one payload after another', () => {
    const r = new Reader(fromHex('01'));
    expect(r.u8()).toBe(1);
    expect(r.reset(fromHex('ff 0002 ff'), 1, 3).u16()).toBe(2);
    expect(r.left).toBe(0);
    expect(() => r.u8()).toThrow(DecodeError);
  });
});
