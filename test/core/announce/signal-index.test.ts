import { describe, expect, it } from '@jest/globals';
import { Announced } from '../../../src/core/announce/announced-signal.js';
import { SignalIndex } from '../../../src/core/announce/signal-index.js';
import { Owner } from '../../../src/core/quotas/owner.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { StepCounter } from '../../../src/protocol/step-counter.js';

const owner = new Owner('owner');
let serial = 0;

function announced(address: string, description: string): Announced {
  const definition = { address, type: 'param', meta: { description } } as const;
  return new Announced({ address: parsePattern(address), definition, owner, bytes: 1 }, serial++, Infinity, undefined);
}

function walked(index: SignalIndex, pattern: string): readonly string[] {
  const found: string[] = [];
  const walk = index.walk(parsePattern(pattern), new StepCounter());
  for (let next = walk.next(); next.done !== true; next = walk.next()) {
    if (next.value !== undefined) found.push(next.value.address);
  }
  return found.sort();
}

describe('the index of announced definitions', () => {
  it('finds a definition by its exact address, by a pattern for its text, and by what it matches', () => {
    const index = new SignalIndex(true, new StepCounter());
    const one = announced('/lights/*/dim', 'any');
    index.add(one, undefined);
    expect(index.at('/lights/*/dim')).toBe(one);
    expect(walked(index, '/lights/**')).toEqual(['/lights/*/dim']);
    expect(index.describing('/lights/3/dim', 0)?.meta?.description).toBe('any');
  });

  it('matches no patterns if SETs are not checked, and then counts one index per definition', () => {
    const index = new SignalIndex(false, new StepCounter());
    index.add(announced('/lights/*/dim', 'any'), undefined);
    expect(index.describing('/lights/3/dim', 0)).toBeUndefined();
    expect(index.countOf(parsePattern('/lights/*/dim'))).toBe(1);
    expect(new SignalIndex(true, new StepCounter()).countOf(parsePattern('/lights/*/dim'))).toBe(2);
  });

  it('prefers the definition of the address itself, then the pattern that was announced first', () => {
    const index = new SignalIndex(true, new StepCounter());
    index.add(announced('/a/*', 'first'), undefined);
    index.add(announced('/**', 'second'), undefined);
    expect(index.describing('/a/b', 0)?.meta?.description).toBe('first');
    index.add(announced('/a/b', 'own'), undefined);
    index.changed();
    expect(index.describing('/a/b', 0)?.meta?.description).toBe('own');
  });

  it('returns cached definitions until it is notified of a change', () => {
    const index = new SignalIndex(true, new StepCounter());
    const one = announced('/a', 'one');
    index.add(one, undefined);
    expect(index.describing('/a', 0)).toBe(one.definition);
    index.remove(one);
    expect(index.describing('/a', 0)).toBe(one.definition);
    index.changed();
    expect([index.describing('/a', 0), index.size]).toEqual([undefined, 0]);
  });
});
