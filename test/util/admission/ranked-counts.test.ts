import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RankedCounts } from '../../../src/util/admission/ranked-counts.js';

describe('counts per key', () => {
  it('return the total, the count of a key and a key with the highest count, after any changes', () => {
    const change = fc.record({ adds: fc.boolean(), key: fc.constantFrom('a', 'b', 'c', 'd') });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 200 }), (changes) => {
        const counts = new RankedCounts();
        const model = new Map<string, number>();
        for (const { adds, key } of changes) {
          if (adds) counts.add(key);
          else counts.remove(key);
          model.set(key, Math.max(0, (model.get(key) ?? 0) + (adds ? 1 : -1)));
          const highest = Math.max(...model.values());
          expect(counts.total).toBe([...model.values()].reduce((sum, count) => sum + count, 0));
          expect(counts.of(key)).toBe(model.get(key));
          expect(counts.largest === undefined ? 0 : model.get(counts.largest)).toBe(highest);
        }
      }),
    );
  });
});
