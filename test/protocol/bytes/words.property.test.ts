import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyRun, copyWords, hashWords, sameWords, viewOf } from '../../../src/protocol/bytes/words.js';

/** Bytes with padding before and after, so that offsets are aligned and unaligned. */
const range = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(9), fc.nat(9)).map(([content, before, behind]) => ({
  content,
  bytes: Uint8Array.from([...Array<number>(before).fill(170), ...content, ...Array<number>(behind).fill(85)]),
  start: before,
  end: before + content.length,
}));

describe('word access', () => {
  it('copies bytes unchanged, and writes nothing outside the range', () => {
    fc.assert(
      fc.property(range, fc.nat(9), ({ bytes, content, start, end }, at) => {
        const to = new Uint8Array(at + content.length + 9).fill(1);
        expect(copyWords(new DataView(to.buffer), at, viewOf(bytes), start, end)).toBe(at + content.length);
        expect([...to]).toEqual([...Array<number>(at).fill(1), ...content, ...Array<number>(9).fill(1)]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('reports equality exactly if all bytes are equal', () => {
    fc.assert(
      fc.property(
        range,
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        ({ bytes, content, start, end }, place, change) => {
          const other = Uint8Array.from(content);
          const isChanged = change > 0 && content.length > 0;
          if (isChanged) other[place % content.length]! ^= change;
          expect(sameWords(viewOf(bytes), start, end, new DataView(other.buffer))).toBe(!isChanged);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('hashes depend only on the bytes', () => {
    fc.assert(
      fc.property(range, range, (one, two) => {
        const moved = Uint8Array.from([...two.bytes.subarray(0, two.start), ...one.content, 7]);
        const hash = hashWords(viewOf(one.bytes), one.start, one.end);
        expect(hashWords(viewOf(moved), two.start, two.start + one.content.length)).toBe(hash);
      }),
    );
  });

  it('hashes distribute the addresses of a show over cache slots about randomly', () => {
    const slots = new Set<number>();
    const addresses = Array.from({ length: 4_096 }, (_, i) => `/stage/light/${i % 64}/channel/${i >> 6}`);
    for (const address of addresses) {
      const bytes = new TextEncoder().encode(address);
      slots.add(hashWords(viewOf(bytes), 0, bytes.length) & 16_383);
    }
    // On average, 4,096 balls in 16,384 boxes occupy 3,624 of them.
    expect(slots.size).toBeGreaterThan(3_500);
  });

  it('reads current bytes: a view follows its own bytes, and not those of the previous view', () => {
    const bytes = Uint8Array.of(0, 1, 2, 3, 4, 5);
    expect(viewOf(bytes.subarray(2)).getUint8(0)).toBe(2);
    expect(viewOf(bytes).getUint8(0)).toBe(0);
    bytes[0] = 9;
    expect(viewOf(bytes).getUint8(0)).toBe(9);
  });
});

describe('copyRun', () => {
  it('copies exactly the range, from and to any offset, at every length', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.nat(70), fc.integer({ min: 100, max: 300 }), fc.integer({ min: 1_480, max: 1_540 })),
        fc.nat(7),
        fc.nat(7),
        (length, start, at) => {
          const outer = Uint8Array.from({ length: length + start + 12 }, (_, i) => (i * 31 + 7) & 0xff);
          const from = outer.subarray(2); // a view into a larger buffer, as from a socket
          const to = new Uint8Array(length + at + 9).fill(0xee);
          copyRun(to, new DataView(to.buffer), at, from, start, start + length);
          expect([...to.subarray(0, at)]).toEqual(new Array<number>(at).fill(0xee));
          expect([...to.subarray(at, at + length)]).toEqual([...from.subarray(start, start + length)]);
          expect([...to.subarray(at + length)]).toEqual(new Array<number>(9).fill(0xee));
        },
      ),
    );
  });
});
