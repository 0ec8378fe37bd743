import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DueQueue } from '../../../src/actors/router/due-queue.js';

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('push' as const), due: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pop' as const), now: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retain' as const), parity: fc.nat(1) }) },
);

describe('DueQueue', () => {
  it('gives what is due by its time, and what is due at one time in the order of arrival', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const queue = new DueQueue<number>();
        let model: { item: number; due: number }[] = [];
        for (const [item, one] of steps.entries()) {
          if (one.kind === 'push') {
            queue.push(item, one.due);
            model.push({ item, due: one.due });
            model.sort((a, b) => a.due - b.due || a.item - b.item);
          } else if (one.kind === 'retain') {
            queue.retain((kept) => kept % 2 === one.parity);
            model = model.filter((kept) => kept.item % 2 === one.parity);
          } else {
            const expected = model[0] !== undefined && model[0].due <= one.now ? model.shift()?.item : undefined;
            expect(queue.popDue(one.now)).toBe(expected);
          }
          expect(queue.size).toBe(model.length);
          expect(queue.dueMicros).toBe(model[0]?.due ?? Infinity);
        }
      }),
    );
  });
});
