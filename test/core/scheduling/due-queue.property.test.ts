import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DueEntry, DueQueue } from '../../../src/core/scheduling/due-queue.js';

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('push' as const), due: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pop' as const), now: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), which: fc.nat(), due: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }) },
);

describe('DueQueue', () => {
  it('returns due items by time, and items of the same time in order of arrival', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new DueQueue<number>();
        const entries: DueEntry<number>[] = [];
        let model: { item: number; due: number }[] = [];
        const sort = (): void => void model.sort((a, b) => a.due - b.due || a.item - b.item);
        for (const one of steps) {
          if (one.kind === 'push') {
            model.push({ item: entries.length, due: one.due });
            entries.push(queue.push(entries.length, one.due));
          } else if (one.kind === 'pop') {
            const expected = model[0] !== undefined && model[0].due <= one.now ? model.shift()?.item : undefined;
            expect(queue.popDue(one.now)).toBe(expected);
          } else if (entries.length > 0) {
            // Includes removed items, for which nothing happens.
            const entry = entries[one.which % entries.length]!;
            const { item } = entry;
            if (one.kind === 'remove') {
              queue.remove(entry);
              model = model.filter((kept) => kept.item !== item);
            } else {
              queue.move(entry, one.due);
              model = model.map((kept) => (kept.item === item ? { item, due: one.due } : kept));
            }
          }
          sort();
          expect(queue.size).toBe(model.length);
          expect(queue.dueMicros).toBe(model[0]?.due ?? Infinity);
        }
      }),
      { numRuns: 500 },
    );
  });
});
