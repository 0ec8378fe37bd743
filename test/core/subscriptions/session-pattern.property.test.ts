import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { leastRestrictive, paceOf } from '../../../src/core/subscriptions/rate-policy.js';
import { SessionPattern } from '../../../src/core/subscriptions/session-pattern.js';
import { acceptsType, type Subscription, subscription } from '../../../src/core/subscriptions/subscription.js';
import { signalTypeMask, signalTypes } from '../../../src/protocol/enumerations.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { CoreHarness } from '../../support/core-harness.js';

const { session } = new CoreHarness().connect();
const some = fc.record({
  types: fc.option(fc.uniqueArray(fc.constantFrom(...signalTypes), { minLength: 1 }), { nil: undefined }),
  options: fc.option(
    fc.record(
      { maxRate: fc.constantFrom(0, 1, 10), epsilon: fc.constantFrom(0, 0.5, 2), window: fc.constantFrom(0, 20, 50) },
      { requiredKeys: [] },
    ),
    { nil: undefined },
  ),
});
const command = fc.oneof(
  { weight: 2, arbitrary: some.map((added) => ({ kind: 'add' as const, added })) },
  { weight: 1, arbitrary: fc.nat().map((which) => ({ kind: 'remove' as const, which })) },
  { weight: 2, arbitrary: fc.constant({ kind: 'ask' as const }) },
);

describe('SessionPattern', () => {
  it('accepts and paces what its subscriptions do one by one, while some are added and removed', () => {
    fc.assert(
      fc.property(some, fc.array(command, { maxLength: 40 }), (begin, commands) => {
        let id = 0;
        const make = ({ types, options }: typeof begin): Subscription =>
          subscription(session, id++, parsePattern('/a/*'), types, options);
        const held = [make(begin)];
        const all = new SessionPattern(held[0]!);
        for (const step of commands) {
          if (step.kind === 'add') {
            const added = make(step.added);
            held.push(added);
            all.add(added);
          } else if (step.kind === 'remove' && held.length > 1) {
            const [removed] = held.splice(step.which % held.length, 1);
            expect(all.remove(removed!)).toBe(true);
          } else {
            for (const type of signalTypes) {
              const accepting = held.filter((one) => acceptsType(one, type));
              expect(all.accepts(signalTypeMask([type]))).toBe(accepting.length > 0);
              if (accepting.length === 0) continue;
              const expected = accepting.map(({ options }) => paceOf(options, type)).reduce(leastRestrictive);
              expect(all.paceOf(type)).toEqual(expected);
            }
          }
        }
        expect(all.size).toBe(held.length);
        while (held.length > 0) expect(all.remove(held.pop()!)).toBe(held.length > 0);
      }),
      { numRuns: 200 },
    );
  });
});
