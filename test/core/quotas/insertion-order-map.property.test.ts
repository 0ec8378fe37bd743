import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InsertionOrderMap } from '../../../src/core/quotas/insertion-order-map.js';

describe('InsertionOrderMap', () => {
  it('behaves like a list in order of setting', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const step = fc.oneof(
      fc.record({ kind: fc.constant('set' as const), key, value: fc.nat() }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('deleteOldest' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const map = new InsertionOrderMap<number>();
        let list: { key: string; value: number }[] = [];
        for (const one of steps) {
          if (one.kind === 'set') {
            map.set(one.key, one.value);
            list = [...list.filter((entry) => entry.key !== one.key), { key: one.key, value: one.value }];
          } else if (one.kind === 'delete') {
            map.delete(one.key);
            list = list.filter((entry) => entry.key !== one.key);
          } else {
            map.deleteOldest();
            list = list.slice(1);
          }
          expect([...map.values()]).toEqual(list.map(({ value }) => value));
          expect(map.size).toBe(list.length);
          for (const entry of list) expect(map.get(entry.key)).toBe(entry.value);
        }
      }),
    );
  });
});
