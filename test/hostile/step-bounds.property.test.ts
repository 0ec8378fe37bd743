import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BASE_STEPS } from '../../src/core/subscriptions/match-cost.js';
import { MAX_COVER_STEPS } from '../../src/protocol/containment.js';
import { parsePattern } from '../../src/protocol/pattern.js';
import { type Scope, scopesCover } from '../../src/protocol/scope.js';
import { StepCounter } from '../../src/protocol/step-counter.js';
import { CoreHarness } from '../support/core-harness.js';

// For ANNOUNCE and QUERY, see test/core/announce/signal-slices.property.test.ts; for matching one address,
// match-cost.property.test.ts.

const name = fc.constantFrom('a', 'b', 'ab', 'aab');
const wild = fc.constantFrom('*', '**', 'a*', '*b', '*a*', '*a*b*');
const path = (wildness: number, maxLength = 100): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: name }, { weight: wildness, arbitrary: wild }), { minLength: 1, maxLength })
    .map((segments) => `/${segments.join('/')}`);
const address = path(0);
const scopes = fc.array(
  path(3).map((pattern): Scope => ({ action: 'read', pattern: parsePattern(pattern) })),
  { maxLength: 20 },
);
const everything: Scope = { action: 'admin', pattern: parsePattern('/**') };

/**
 * Maximum steps per turn of all tasks, of what a SUBSCRIBE sends at once, and of the comparison with one param, which
 * is never split.
 */
const TURN_STEPS = 16_384;
const AT_ONCE_STEPS = 64_000;
const LOOK_STEPS = 33_000;
const MAX_MATCH_STEPS = 65_536;
/** Maximum steps of comparing a pattern with all scopes of a token. */
const COVER_STEPS = 1.1 * MAX_COVER_STEPS;

describe('random patterns over random addresses', () => {
  it('never exceed the step limit in a SUBSCRIBE and in each turn of its snapshot', () => {
    fc.assert(
      fc.property(
        fc.array(address, { minLength: 100, maxLength: 300 }),
        fc.array(path(3), { maxLength: 10 }),
        scopes,
        (addresses, patterns, held) => {
          const harness = new CoreHarness({ securityMode: 'authenticated', maxGlobstars: 0, maxMatchSteps: 0 });
          const writer = harness.joinWith({ tokenId: 'writer', scopes: [everything] });
          for (const one of addresses) writer.set(one, 1, { qos: 0 });
          const reader = harness.joinWith({ tokenId: 'reader', scopes: [...held, everything] });
          for (const [id, pattern] of patterns.entries()) {
            let before = harness.core.steps;
            reader.subscribe(id, pattern);
            expect(harness.core.steps - before).toBeLessThan(AT_ONCE_STEPS + LOOK_STEPS + COVER_STEPS);
            let hasMore = true;
            while (hasMore) {
              before = harness.core.steps;
              hasMore = harness.core.advanceTasks();
              expect(harness.core.steps - before).toBeLessThan(TURN_STEPS + LOOK_STEPS);
            }
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('never make an event to a new address exceed the step limit, whatever the subscriptions are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(path(3, 24), { maxLength: 60 }), { minLength: 1, maxLength: 4 }),
        fc.array(address, { minLength: 1, maxLength: 10 }),
        (patterns, addresses) => {
          const harness = new CoreHarness({ maxGlobstars: 0 });
          for (const own of patterns) {
            const attacker = harness.join();
            for (const [id, pattern] of own.entries()) attacker.subscribe(id, pattern);
          }
          const desk = harness.join();
          const most = BASE_STEPS + MAX_MATCH_STEPS + 1_000;
          for (const one of addresses) {
            const before = harness.core.steps;
            desk.publish(one, 'event', 1);
            expect(harness.core.steps - before).toBeLessThan(most);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('never exceed the step limit in a comparison with scopes', () => {
    fc.assert(
      fc.property(scopes, path(3), (held, pattern) => {
        const counter = new StepCounter();
        scopesCover(held, 'read', parsePattern(pattern), counter);
        expect(counter.steps).toBeLessThan(COVER_STEPS);
      }),
      { numRuns: 200 },
    );
  });
});
