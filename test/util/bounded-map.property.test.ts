import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BoundedMap } from '../../src/util/bounded-map.js';

describe('BoundedMap', () => {
  it('behaves like a list in order of age, cut at its limits', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'dd', 'eee');
    const step = fc.oneof(
      fc.record({ kind: fc.constantFrom('set' as const, 'setNewest' as const), key, value: fc.nat() }),
      fc.record({ kind: fc.constant('delete' as const), key }),
      fc.record({ kind: fc.constant('deleteOldest' as const) }),
    );
    const limit = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), limit, limit, (steps, maxEntries, maxCharacters) => {
        const map = new BoundedMap<number>({ maxEntries, maxCharacters });
        let list: { key: string; value: number }[] = [];
        for (const one of steps) {
          const existing = list.find((entry) => entry.key === ('key' in one ? one.key : undefined));
          if (one.kind === 'set' && existing !== undefined) {
            map.set(one.key, one.value);
            list = list.map((entry) => (entry === existing ? { key: one.key, value: one.value } : entry));
          } else if (one.kind === 'set' || one.kind === 'setNewest') {
            map[one.kind](one.key, one.value);
            list = [...list.filter((entry) => entry.key !== one.key), { key: one.key, value: one.value }];
          } else if (one.kind === 'delete') {
            map.delete(one.key);
            list = list.filter((entry) => entry.key !== one.key);
          } else {
            map.deleteOldest();
            list = list.slice(1);
          }
          const characters = (): number => list.reduce((sum, entry) => sum + entry.key.length, 0);
          while (list.length > (maxEntries ?? Infinity) || characters() > (maxCharacters ?? Infinity)) list.shift();
          expect([...map.values()]).toEqual(list.map(({ value }) => value));
          expect(map.size).toBe(list.length);
          for (const entry of list) expect(map.get(entry.key)).toBe(entry.value);
        }
      }),
    );
  });
});
