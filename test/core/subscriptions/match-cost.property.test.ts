import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BASE_STEPS, MatchCosts, patternWeight } from '../../../src/core/subscriptions/match-cost.js';
import { PatternTrie } from '../../../src/core/subscriptions/pattern-trie.js';
import { matchPattern, parsePattern, type Pattern } from '../../../src/protocol/pattern.js';
import { StepCounter } from '../../../src/protocol/step-counter.js';

const segment = fc.constantFrom('a', 'b', 'ab', 'aab');
const wild = fc.constantFrom('*', '**', 'a*', '*b', 'a*b', '*a*', '*a*b*');
const hostilePattern = fc
  .array(fc.oneof({ weight: 2, arbitrary: segment }, { weight: 3, arbitrary: wild }), { minLength: 1, maxLength: 24 })
  .map((segments) => parsePattern(`/${segments.join('/')}`));
const hostileAddress = fc.array(segment, { minLength: 1, maxLength: 128 }).map((segments) => `/${segments.join('/')}`);

describe('PatternTrie', () => {
  it('finds what a naive matcher finds, in at most as many steps as the weights state', () => {
    fc.assert(
      fc.property(fc.array(hostilePattern, { maxLength: 40 }), hostileAddress, (patterns, address) => {
        const trie = new PatternTrie<Pattern>();
        const costs = new MatchCosts();
        for (const pattern of patterns) {
          trie.add(pattern, pattern);
          costs.add(pattern);
        }
        const counter = new StepCounter();
        const found = trie.matches(address, counter);
        expect(found).toEqual(new Set(patterns.filter((pattern) => matchPattern(pattern, address))));
        expect(counter.steps).toBeLessThanOrEqual(BASE_STEPS + costs.heaviest);
      }),
      { numRuns: 500 },
    );
  });
});

describe('MatchCosts', () => {
  it('computes the heaviest chain of prefixes while patterns are added and removed', () => {
    const prefixed = fc
      .tuple(
        fc.array(fc.constantFrom('a', 'b'), { maxLength: 4 }),
        fc.constantFrom('**/x/*', '*/y', 'x*', '**', '*', 'z', '**/*a*/**/b'),
      )
      .map(([prefix, rest]) => parsePattern(`/${[...prefix, rest].join('/')}`));
    const command = fc.record({ adds: fc.boolean(), pattern: prefixed, which: fc.nat() });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const costs = new MatchCosts();
        const held: Pattern[] = [];
        for (const { adds, pattern, which } of commands) {
          if (adds || held.length === 0) {
            const expected = heaviestFor([...held, pattern], pattern);
            expect(costs.heaviestWith(pattern)).toBe(expected);
            costs.add(pattern);
            held.push(pattern);
          } else {
            const [gone] = held.splice(which % held.length, 1);
            costs.remove(gone!); // it exists
          }
          expect(costs.heaviest).toBe(Math.max(0, ...chainsOf(held).map(({ sum }) => sum)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['/lights/3/dim', 0],
    ['/**', 0],
    ['/lights/**', 0],
    ['/lights/*', 0],
    ['/**/dim', 0],
    ['/lights/**/dim/**', 0],
    ['/*/dim', 2],
    ['/**/*', 256],
  ])('weighs %s as %i', (pattern, weight) => {
    expect(patternWeight(parsePattern(pattern))).toBe(weight);
  });
});

interface Chain {
  readonly prefix: string;
  readonly sum: number;
}

/** Every prefix with the sum of the weights of the distinct patterns whose wildcards begin at it or above it. */
function chainsOf(patterns: readonly Pattern[]): Chain[] {
  const distinct = [...new Set(patterns)];
  const prefixes = new Set(distinct.map(prefixOf));
  return [...prefixes].map((prefix) => ({
    prefix,
    sum: distinct
      .filter((pattern) => `${prefix}/`.startsWith(`${prefixOf(pattern)}/`))
      .reduce((sum, pattern) => sum + patternWeight(pattern), 0),
  }));
}

function heaviestFor(patterns: readonly Pattern[], pattern: Pattern): number {
  const own = `${prefixOf(pattern)}/`;
  return Math.max(...chainsOf(patterns).map(({ prefix, sum }) => (`${prefix}/`.startsWith(own) ? sum : 0)));
}

function prefixOf(pattern: Pattern): string {
  const segments = pattern.split('/').slice(1);
  const first = segments.findIndex((one) => one.includes('*'));
  return segments
    .slice(0, first < 0 ? undefined : first)
    .map((name) => `/${name}`)
    .join('');
}
