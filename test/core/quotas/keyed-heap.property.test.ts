import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyedHeap } from '../../../src/core/quotas/keyed-heap.js';

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('push' as const), key: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pop' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rekey' as const), key: fc.nat(50) }) },
);

describe('KeyedHeap', () => {
  it('returns each item once, one with the least key first', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const heap = new KeyedHeap<{ key: number }>();
        const model = new Set<{ key: number }>();
        for (const one of steps) {
          if (one.kind === 'push') {
            const item = { key: one.key };
            heap.push(one.key, item);
            model.add(item);
          } else if (one.kind === 'pop') {
            const least = Math.min(...Array.from(model, ({ key }) => key));
            const item = heap.pop();
            expect(item?.key ?? Infinity).toBe(least);
            if (item !== undefined) expect(model.delete(item)).toBe(true);
          } else if (heap.first !== undefined) {
            heap.first.key = one.key;
            heap.rekeyFirst(one.key);
          }
          expect(heap.size).toBe(model.size);
        }
      }),
      { numRuns: 300 },
    );
  });
});
