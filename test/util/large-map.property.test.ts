import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LargeMap } from '../../src/util/large-map.js';

/** More than the first map takes. */
const MANY = 40_000;

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('set' as const), key: fc.nat(MANY + 200), value: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: fc.nat(MANY + 200) }) },
);

describe('LargeMap', () => {
  it('is a map, below and above the size at which it divides its entries', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, MANY), fc.array(step, { maxLength: 200 }), (count, steps) => {
        const map = new LargeMap<number>();
        const model = new Map<string, number>();
        for (let i = 0; i < count; i++) {
          map.set(`/p/${i}`, i);
          model.set(`/p/${i}`, i);
        }
        for (const one of steps) {
          const key = `/p/${one.key}`;
          if (one.kind === 'set') {
            map.set(key, one.value);
            model.set(key, one.value);
          } else {
            map.delete(key);
            model.delete(key);
          }
          expect(map.get(key)).toBe(model.get(key));
          expect(map.size).toBe(model.size);
        }
        if (count === 0) expect([...map.values()]).toEqual([...model.values()]);
        else expect([...map.values()].sort((a, b) => a - b)).toEqual([...model.values()].sort((a, b) => a - b));
      }),
      { numRuns: 20 },
    );
  });

  it('continues a walk while entries are removed and added, and visits each remaining one once', () => {
    const map = new LargeMap<number>();
    for (let i = 0; i < MANY; i++) map.set(`/p/${i}`, i);
    const visited: number[] = [];
    for (const value of map.values()) {
      visited.push(value);
      if (value % 2 === 0) map.delete(`/p/${value + 1}`);
      if (value % 1_000 === 0) map.set(`/late/${value}`, -1);
    }
    const old = visited.filter((value) => value >= 0);
    expect(new Set(old).size).toBe(old.length);
    for (let i = 0; i < MANY; i += 2) expect(map.get(`/p/${i}`)).toBe(i);
    expect(new Set(old.filter((value) => value % 2 === 0)).size).toBe(MANY / 2);
  });
});
