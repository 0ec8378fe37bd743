import { describe, expect, it } from '@jest/globals';
import { FairQueue, type Waiting } from '../../../src/util/admission/fair-queue.js';

const roomy = { maxItems: 100, maxItemsPerKey: 100 };

/** A queue with these items, `a1` of key `a`. @returns the items that did not fit */
function filled(limits: typeof roomy, items: readonly string[]): { queue: FairQueue<string>; rejected: string[] } {
  const queue = new FairQueue<string>(limits);
  const rejected = items.flatMap((item) => queue.push(item, item[0]!, 0)?.waiting.item ?? []);
  return { queue, rejected };
}

/** Takes all items, key by key in turns. */
function drain(queue: FairQueue<string>): readonly string[] {
  const taken: string[] = [];
  for (let heads: readonly Waiting<string>[]; (heads = queue.heads()).length > 0;) {
    taken.push(heads[0]!.item);
    queue.take(heads[0]!);
  }
  return taken;
}

describe('a fair queue', () => {
  it('keeps the order within a key, and alternates between keys', () => {
    const { queue } = filled(roomy, ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']);
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  });

  it('returns the next item of a key with the one that is taken', () => {
    const { queue } = filled(roomy, ['a1', 'a2']);
    expect(queue.take(queue.heads()[0]!)?.item).toBe('a2');
    expect(queue.take(queue.heads()[0]!)).toBeUndefined();
    expect(queue.size).toBe(0);
  });

  it('removes an item at any position', () => {
    const { queue } = filled(roomy, ['a1', 'a2', 'a3', 'b1']);
    expect([queue.remove('a2'), queue.remove('b1'), queue.remove('b1')]).toEqual([true, true, false]);
    expect([queue.hasKey('a'), queue.hasKey('b'), queue.has('a3')]).toEqual([true, false, true]);
    expect(drain(queue)).toEqual(['a1', 'a3']);
  });

  it('rejects items above the limit of a key', () => {
    const { queue, rejected } = filled({ ...roomy, maxItemsPerKey: 2 }, ['a1', 'a2', 'a3', 'b1']);
    expect(rejected).toEqual(['a3']);
    expect(queue.push('a4', 'a', 0)).toEqual({
      waiting: { item: 'a4', key: 'a', sinceMs: 0 },
      text: '2 connections of its address wait already',
    });
  });

  it('if full, takes capacity from the key with the most items, its newest item first', () => {
    const { queue, rejected } = filled({ ...roomy, maxItems: 4 }, ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'c1']);
    // a4 is replaced by b1 and a3 by b2. With two each, b3 has no claim, but c1 has.
    expect(rejected).toEqual(['a4', 'a3', 'b3', 'a2']);
    expect(drain(queue)).toEqual(['a1', 'b1', 'c1', 'b2']);
  });

  it('is empty after it was cleared', () => {
    const { queue } = filled(roomy, ['a1', 'b1']);
    expect(queue.clear()).toEqual(['a1', 'b1']);
    expect([queue.size, queue.heads()]).toEqual([0, []]);
  });
});
