import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { subscription } from '../../../src/core/subscriptions/subscription.js';
import { SubscriptionIndex } from '../../../src/core/subscriptions/subscription-index.js';
import { signalTypes } from '../../../src/protocol/enumerations.js';
import { matchPattern, parsePattern } from '../../../src/protocol/pattern.js';
import { StepCounter } from '../../../src/protocol/step-counter.js';
import { CoreHarness } from '../../support/core-harness.js';

const segment = fc.constantFrom('a', 'b', 'ab', 'abc', 'x');
// Few addresses, so that one is looked up again after a change: cached results must be invalidated.
const address = fc.constantFrom('/a', '/a/b', '/ab/abc', '/a/x/b', '/x/a/b/abc', '/b/b/b/b/b');
const pattern = fc
  .array(fc.oneof(segment, fc.constantFrom('*', '**', 'a*', '*b', 'a*c')), { minLength: 1, maxLength: 6 })
  .map((segments) => parsePattern(`/${segments.join('/')}`));
const types = fc.option(fc.uniqueArray(fc.constantFrom(...signalTypes), { minLength: 1 }), { nil: undefined });

describe('SubscriptionIndex', () => {
  it('agrees with a naive matcher while subscriptions are added and removed', () => {
    const peers = Array.from({ length: 4 }, () => new CoreHarness().connect());
    const command = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), peer: fc.nat(3), pattern, types }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }) },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('ask' as const),
          address,
          type: fc.constantFrom(...signalTypes, undefined),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const index = new SubscriptionIndex(
          () => [],
          () => true,
        );
        const held: ReturnType<typeof subscription>[] = [];
        let id = 0; // a session has no two subscriptions with one ID
        for (const step of commands) {
          if (step.kind === 'add') {
            const added = subscription(peers[step.peer]!.session, id++, step.pattern, step.types, undefined);
            held.push(added);
            index.add(added);
          } else if (step.kind === 'remove') {
            const [gone] = held.splice(held.length === 0 ? 0 : step.which % held.length, 1);
            if (gone !== undefined) index.remove(gone);
          } else {
            const mask = step.type === undefined ? 0xff : 1 << signalTypes.indexOf(step.type);
            const expected = new Set(
              held
                .filter((one) => matchPattern(one.pattern, step.address) && (one.typeMask & mask) !== 0)
                .map(({ session }) => session),
            );
            const found = index.recipients(step.address, step.type).groups.flatMap(({ sessions }) => sessions);
            expect(found).toHaveLength(expected.size);
            expect(new Set(found)).toEqual(expected);
          }
        }
        expect(index.size).toBe(held.length);
      }),
      { numRuns: 300 },
    );
  });

  it('matches a chain of globstars with bounded work', () => {
    const index = new SubscriptionIndex(
      () => [],
      () => true,
    );
    const peer = new CoreHarness().connect();
    // Without tracking visited nodes, this takes about 10^16 paths.
    index.add(subscription(peer.session, 1, parsePattern('/**/a'.repeat(60)), undefined, undefined));
    expect(index.matches(`/a`.repeat(120)).size).toBe(1);
    expect(index.matches(`${'/a'.repeat(120)}/b`).size).toBe(0);
  });

  it('matches a thousand equal subscriptions of a session at the cost of one', () => {
    const counter = new StepCounter();
    const index = new SubscriptionIndex(
      () => [],
      () => true,
      counter,
    );
    const { session } = new CoreHarness().connect();
    const stepsOfMatch = (): number => {
      const before = counter.steps;
      expect(index.recipients('/a/b', 'event').groups.map(({ sessions }) => sessions)).toEqual([[session]]);
      return counter.steps - before;
    };
    index.add(subscription(session, 0, parsePattern('/**'), undefined, undefined));
    const steps = stepsOfMatch();
    for (let id = 1; id < 1_000; id++) {
      const pattern = id % 2 === 0 ? '/**' : '/**/**'; // both match the same addresses
      index.add(subscription(session, id, parsePattern(pattern), undefined, undefined));
    }
    expect(stepsOfMatch()).toBe(steps);
  });

  it('removes every branch when the last subscription ends', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 20 }), (patterns) => {
        const index = new SubscriptionIndex(
          () => [],
          () => true,
        );
        const peer = new CoreHarness().connect();
        const held = patterns.map((one, id) => subscription(peer.session, id, one, undefined, undefined));
        for (const one of held) index.add(one);
        for (const one of held) index.remove(one);
        expect(index.size).toBe(0);
        expect(index.isEmpty).toBe(true);
      }),
    );
  });
});
