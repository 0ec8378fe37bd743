import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AddressTree } from '../../../src/core/params/address-tree.js';
import { addressSegments } from '../../../src/protocol/address.js';
import { matchPattern } from '../../../src/protocol/pattern.js';

const segment = fc.constantFrom('a', 'b', 'ab', 'abc');
const wild = fc.constantFrom('*', '**', 'a*', '*b', 'a*c');
const text = (of: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(of, { minLength: 1, maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
// An announced address can be a pattern, which is matched as text.
const address = text(fc.oneof({ weight: 4, arbitrary: segment }, { weight: 1, arbitrary: wild }));
const pattern = text(fc.oneof(segment, wild));

interface Thing {
  readonly address: string;
}

const matching = (tree: AddressTree<Thing>, of: string): Thing[] =>
  [...tree.matching(addressSegments(of))].filter((one) => one !== undefined);

describe('AddressTree', () => {
  it('agrees with a naive matcher while items are added and removed, and keeps nothing of removed ones', () => {
    const command = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), address }),
      fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }),
      fc.record({ kind: fc.constant('ask' as const), pattern }),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const tree = new AddressTree<Thing>();
        const held = new Map<string, Thing>();
        for (const step of commands) {
          if (step.kind === 'add') {
            const thing = { address: step.address };
            held.set(step.address, thing);
            tree.add(thing);
          } else if (step.kind === 'remove') {
            const thing = [...held.values()][step.which % Math.max(held.size, 1)];
            if (thing === undefined) continue;
            held.delete(thing.address);
            tree.remove(thing);
          } else {
            const expected = [...held.values()].filter((one) => matchPattern(step.pattern, one.address));
            const found = matching(tree, step.pattern);
            expect(found).toHaveLength(expected.length);
            expect(new Set(found)).toEqual(new Set(expected));
          }
        }
        for (const thing of held.values()) tree.remove(thing);
        expect(tree.isEmpty).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('returns in a paused walk every item that existed at its start and still exists', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(address, { minLength: 1, maxLength: 12 }),
        fc.array(fc.record({ after: fc.nat(12), address, isNew: fc.boolean() }), { maxLength: 8 }),
        pattern,
        (addresses, changes, of) => {
          const tree = new AddressTree<Thing>();
          const held = new Map(addresses.map((one) => [one, { address: one }]));
          for (const thing of held.values()) tree.add(thing);
          const stays = new Set(addresses);
          const found = new Map<string, number>();
          let step = 0;
          for (const one of tree.matching(addressSegments(of))) {
            if (one !== undefined) found.set(one.address, (found.get(one.address) ?? 0) + 1);
            for (const change of changes.filter(({ after }) => after === step)) {
              const known = held.get(change.address);
              if (change.isNew && known === undefined) {
                const thing = { address: change.address };
                held.set(change.address, thing);
                tree.add(thing);
              } else if (!change.isNew && known !== undefined) {
                tree.remove(known);
                held.delete(change.address);
                stays.delete(change.address);
              }
            }
            step++;
          }
          for (const one of stays) if (matchPattern(of, one)) expect(found.get(one)).toBe(1);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('does not confuse visited items with those above them', () => {
    const tree = new AddressTree<Thing>();
    for (const one of ['/x/a', '/x/b', '/x/c', '/x/a/b/c', '/b']) tree.add({ address: one });
    const found = (of: string): string[] => matching(tree, of).map((one) => one.address);
    expect(found('/**/a/b')).toEqual([]);
    expect(found('/**/b/c')).toEqual(['/x/a/b/c']);
    expect(found('/x/**/b/**/c')).toEqual(['/x/a/b/c']);
    expect(found('/**/x/b')).toEqual(['/x/b']);
  });

  it('visits only what a literal pattern leads to', () => {
    const tree = new AddressTree<Thing>();
    for (let i = 0; i < 1_000; i++) tree.add({ address: `/lights/${i}/dim` });
    const looked = (of: string): number => [...tree.matching(addressSegments(of))].length;
    expect(looked('/lights/7/dim')).toBe(1);
    expect(looked('/lights/7/**')).toBe(1);
    expect(looked('/sound/**')).toBe(1);
    expect(looked('/lights/*/dim')).toBe(1_000);
    expect(looked('/**/cue')).toBe(1_000);
  });
});
