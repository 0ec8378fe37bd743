import { describe, expect, it } from '@jest/globals';
import type { RecipientSet } from '../../../src/core/direct/recipient-set.js';
import { RecipientSets } from '../../../src/core/direct/recipient-sets.js';
import { wireForm } from '../../../src/core/delivery/wire-form.js';
import type { RecipientGroup } from '../../../src/core/subscriptions/recipient-group.js';
import { CoreHarness } from '../../support/core-harness.js';

const harness = new CoreHarness();
const [one, other] = [harness.join('one').session, harness.join('other').session];

describe('recipient sets', () => {
  const source = {
    generation: 0,
    maxCachedBytes: 1_000_000,
    groups: [] as RecipientGroup[],
    resolve: () => ({ groups: source.groups, paced: [], logs: 0 }),
  };
  const groupOf = (...sessions: (typeof one)[]): RecipientGroup[] => [{ form: wireForm('raw', 'binary'), sessions }];

  it('share one set among addresses with equal recipients', () => {
    const sets = new RecipientSets(source);
    source.groups = groupOf(one, other);
    const first = sets.resolve('/a', 'param');
    source.groups = groupOf(one, other);
    expect(sets.resolve('/b', 'param')).toBe(first);
    source.groups = groupOf(one);
    expect(sets.resolve('/c', 'param')).not.toBe(first);
  });

  it('share one set per kind of recipients, also if 20 kinds occur in turn', () => {
    const sets = new RecipientSets(source);
    const sessions = Array.from({ length: 20 }, (_, i) => harness.join(`one of 20: ${i}`).session);
    const found = new Set<RecipientSet>();
    for (let i = 0; i < 1_000; i++) {
      source.groups = groupOf(one, sessions[i % 20]!, other);
      found.add(sets.resolve(`/a/${i}`, 'param'));
    }
    expect(found.size).toBe(20);
  });

  it('exceed their memory limit with no recipients: then all are stale', () => {
    const sets = new RecipientSets(source, 10_000);
    const sessions = Array.from({ length: 12 }, (_, i) => harness.join(`one of 12: ${i}`).session);
    const first = sets.resolve('/a', 'param');
    for (let i = 0; i < 1_000; i++) {
      source.groups = groupOf(...sessions.filter((_, bit) => ((i >> bit) & 1) === 1));
      sets.resolve(`/a/${i}`, 'param');
      expect(sets.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(first).toMatchObject({ isStale: true, groups: [] });
  });

  it('are stale and hold no session after a change', () => {
    const sets = new RecipientSets(source);
    sets.refresh();
    source.groups = groupOf(one);
    const set = sets.resolve('/a', 'param');
    sets.refresh();
    expect(set).toMatchObject({ isStale: false, isDirect: true });
    source.generation++;
    sets.refresh();
    expect(set).toMatchObject({ isStale: true, groups: [] });
  });

  it('are not direct for streams to links without framing, which can have a datagram path', () => {
    source.groups = groupOf(one);
    expect(new RecipientSets(source).resolve('/a', 'stream').isDirect).toBe(false);
    expect(new RecipientSets(source).resolve('/a', 'event').isDirect).toBe(true);
  });
});
