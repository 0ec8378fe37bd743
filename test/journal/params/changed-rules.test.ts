import { describe, expect, it } from '@jest/globals';
import { keptRevisions, PersistRules } from '../../../src/journal/params/persist-rules.js';
import { StoredState } from '../../../src/journal/params/stored-state.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';

const rules = (sync: 'interval' | 'always'): PersistRules => new PersistRules([{ pattern: '/**' }], sync);

/** Revision of a param at the next start after an unclean stop; it was 7 in the last cut. */
function revisionAfter(ended: PersistRules, next: PersistRules): number | undefined {
  const state = new StoredState();
  const times = [['wall', 1n] as const, ['mono', 1n] as const, ['run', 'one'] as const];
  const content = new Map<string, string | bigint>([...times, ['rules', ended.digest]]);
  const param = { address: '/a', writer: 'desk', value: encodeValue(1), revision: 7, timeMicros: 0, ttlSeconds: 0 };
  const set = { type: 'set', ...param, isAbsolute: false, expiresAtMicros: undefined } as const;
  state.apply(1, [{ type: 'note', content }, set], keptRevisions(next));
  state.beginRun({ wallMicros: 2, monotonicMicros: 2 }, keptRevisions(next));
  return state.params.get('/a')?.revision;
}

describe('the revision of a param after an unclean stop', () => {
  it('is exact if the param was under always, and still is', () => {
    expect(revisionAfter(rules('always'), rules('always'))).toBe(7);
  });

  it('is stepped if the run that ended had other rules, because clients can have received later ones', () => {
    expect(revisionAfter(rules('interval'), rules('always'))).toBe(10_000_000);
    expect(revisionAfter(rules('always'), rules('interval'))).toBe(10_000_000);
  });
});
