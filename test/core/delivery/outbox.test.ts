import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Outbox } from '../../../src/core/delivery/outbox.js';

const slab = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

describe('Outbox', () => {
  it('joins adjacent deliveries into one view of the slab', () => {
    const bytes = slab(100);
    const outbox = new Outbox();
    for (let at = 10; at < 60; at += 10) outbox.push(bytes, at, at + 10);
    const taken = outbox.take(false);
    expect(taken).toEqual(bytes.subarray(10, 60));
    expect(taken.buffer).toBe(bytes.buffer);
    expect(outbox.isEmpty).toBe(true);
    expect(outbox.take(false)).toHaveLength(0);
  });

  it('copies a single range for a slow socket, so that the slab is not kept alive', () => {
    const bytes = slab(10);
    const outbox = new Outbox();
    outbox.push(bytes, 2, 5);
    const taken = outbox.take(true);
    expect(taken).toEqual(Uint8Array.of(2, 3, 4));
    expect(taken.buffer).not.toBe(bytes.buffer);
  });

  it('returns every byte in order, for any layout of ranges', () => {
    const slabs = [slab(256), slab(256).reverse()];
    const range = fc.record({ which: fc.nat(1), start: fc.nat(255), length: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(range), fc.boolean(), (ranges, copy) => {
        const outbox = new Outbox();
        const expected: number[] = [];
        for (const { which, start, length } of ranges) {
          const end = Math.min(256, start + length);
          if (end === start) continue;
          outbox.push(slabs[which]!, start, end);
          expected.push(...slabs[which]!.subarray(start, end));
        }
        expect([...outbox.take(copy)]).toEqual(expected);
        expect(outbox.isEmpty).toBe(true);
      }),
    );
  });
});
