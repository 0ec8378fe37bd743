import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { patternCovers } from '../../src/protocol/containment.js';
import { matchPattern, parsePattern } from '../../src/protocol/pattern.js';

const covers = (outer: string, inner: string): boolean => patternCovers(parsePattern(outer), parsePattern(inner));

const path = (segments: readonly string[]): string => `/${segments.join('/')}`;
const segment = fc.constantFrom('a', 'b', 'ab', '*', '**', 'a*', '*b', 'a*b');
const pattern = fc.array(segment, { minLength: 1, maxLength: 4 }).map(path);

/** All addresses of up to five segments from a few strings: some occur in patterns, one does not. */
const addresses: readonly string[] = (() => {
  const texts = ['a', 'b', 'ab', 'azb', 'z'];
  let last: string[][] = [[]];
  const all: string[] = [];
  for (let depth = 1; depth <= 5; depth++) {
    last = last.flatMap((before) => texts.map((text) => [...before, text]));
    all.push(...last.map(path));
    all.push(...(depth < 5 ? last.map((one) => `${path(one)}/`) : []));
  }
  return ['/', ...all];
})();

describe('patternCovers', () => {
  it('agrees with a test of all addresses', () => {
    fc.assert(
      fc.property(pattern, pattern, (outer, inner) => {
        const missed = addresses.find((address) => matchPattern(inner, address) && !matchPattern(outer, address));
        expect([outer, inner, covers(outer, inner)]).toEqual([outer, inner, missed === undefined]);
      }),
      { numRuns: 300 },
    );
  });

  it('is reflexive and transitive', () => {
    fc.assert(
      fc.property(pattern, pattern, pattern, (a, b, c) => {
        expect(covers(a, a)).toBe(true);
        if (covers(a, b) && covers(b, c)) expect(covers(a, c)).toBe(true);
      }),
    );
  });
});
