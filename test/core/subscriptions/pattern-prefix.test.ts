import { describe, expect, it } from '@jest/globals';
import { MatchCosts } from '../../../src/core/subscriptions/match-cost.js';
import { Prefix } from '../../../src/core/subscriptions/pattern-prefix.js';
import { parsePattern } from '../../../src/protocol/pattern.js';

describe('Prefix', () => {
  it('tracks the heaviest of many children while their weights increase and decrease', () => {
    const root = new Prefix();
    for (let i = 1; i <= 100; i++) root.child(`n${i}`).change(i);
    expect(root.below).toBe(100);
    root.get('n100')!.change(-100); // it was added above
    expect(root.below).toBe(99);
    root.get('n1')!.change(1_000); // it was added above
    expect(root.below).toBe(1_001);
  });

  it('removes the nodes that no pattern needs, and keeps the others', () => {
    const root = new Prefix();
    const low = root.child('a').child('b').child('c');
    const other = root.child('a').child('x');
    low.change(5);
    other.change(3);
    low.change(-5);
    expect(root.get('a')?.get('b')).toBeUndefined();
    expect(root.get('a')?.get('x')).toBe(other);
    expect(root.below).toBe(3);
    other.change(-3);
    expect([root.get('a'), root.below]).toEqual([undefined, 0]);
  });
});

describe('MatchCosts', () => {
  it('removes ten thousand patterns with different first names one by one', () => {
    const costs = new MatchCosts();
    const names = Array.from({ length: 10_000 }, (_, i) => parsePattern(`/n${i}/*/x`));
    for (const pattern of names) costs.add(pattern);
    for (const pattern of names.slice(1)) costs.remove(pattern);
    expect(costs.heaviest).toBe(2);
    costs.remove(names[0]!); // the array is not empty
    expect(costs.heaviest).toBe(0);
  });
});
