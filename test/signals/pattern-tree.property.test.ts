import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { matchPattern } from '../../src/protocol/pattern.js';
import { PatternTree } from '../../src/signals/pattern-tree.js';

const segment = fc.constantFrom('a', 'b', 'ab', '');
const path = (parts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(parts, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
const definitions = fc.uniqueArray(path(fc.oneof(segment, fc.constant('*'))), { maxLength: 12 });
const address = path(segment);
const pattern = path(fc.oneof(segment, fc.constantFrom('*', '**', 'a*', '*b')));

function treeOf(patterns: readonly string[]): PatternTree<string> {
  const tree = new PatternTree<string>();
  for (const one of patterns) tree.add(one, one);
  return tree;
}

const wildcards = (one: string): number => one.split('*').length;

describe('the tree of addresses', () => {
  it('finds a definition exactly if one matches, and never one that another outranks', () => {
    fc.assert(
      fc.property(definitions, address, (patterns, text) => {
        const matching = patterns.filter((one) => matchPattern(one, text));
        const found = treeOf(patterns).find(text);
        if (matching.length === 0) return expect(found).toBeUndefined();
        expect(matching).toContain(found);
        // A definition that covers the found one has all its wildcards and more: no other is more specific.
        const outdone = matching.filter((one) => one !== found && matchPattern(found!, one));
        expect(outdone.filter((one) => wildcards(one) < wildcards(found!))).toEqual([]);
      }),
    );
  });

  it('finds exactly the definitions that have an address in common with a pattern', () => {
    const texts = allTexts(['a', 'b', 'ab', 'xab', 'q'], 3);
    const small = fc.uniqueArray(
      fc
        .array(fc.constantFrom('a', 'b', 'ab', '*'), { minLength: 1, maxLength: 3 })
        .map((parts) => `/${parts.join('/')}`),
      { maxLength: 6 },
    );
    const asked = fc
      .array(fc.constantFrom('a', 'b', '*', '**', 'a*', '*b'), { minLength: 1, maxLength: 3 })
      .map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(small, asked, (patterns, text) => {
        const both = patterns.filter((one) =>
          texts.some((each) => matchPattern(one, each) && matchPattern(text, each)),
        );
        expect([...treeOf(patterns).meeting(text)].sort()).toEqual(both.sort());
      }),
    );
  });

  it('accepts patterns of any shape', () => {
    fc.assert(
      fc.property(definitions, pattern, (patterns, text) => {
        for (const one of treeOf(patterns).meeting(text)) expect(patterns).toContain(one);
      }),
    );
  });
});

/** Returns every address of at most `most` of these segments. */
function allTexts(segments: readonly string[], most: number): readonly string[] {
  const longer = most === 1 ? [] : allTexts(segments, most - 1);
  return [...segments.map((one) => `/${one}`), ...longer.flatMap((rest) => segments.map((one) => `/${one}${rest}`))];
}
