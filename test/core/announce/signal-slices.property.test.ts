import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_ANNOUNCE_STEPS } from '../../../src/core/announce/announce-handler.js';
import { Owner } from '../../../src/core/quotas/owner.js';
import { QueryTask } from '../../../src/core/announce/query-task.js';
import { SignalDirectory } from '../../../src/core/announce/signal-directory.js';
import { MAX_COVER_STEPS } from '../../../src/protocol/containment.js';
import type { SignalDefinition } from '../../../src/protocol/messages/message.js';
import { matchPattern, parsePattern } from '../../../src/protocol/pattern.js';
import type { Scope } from '../../../src/protocol/scope.js';
import { CoreHarness } from '../../support/core-harness.js';

const name = fc.constantFrom('a', 'b', 'ab', 'aab');
const wild = fc.constantFrom('*', '**', 'a*', '*b', '*a*', '*a*b*');
const path = (wildness: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: name }, { weight: wildness, arbitrary: wild }), {
      minLength: 1,
      maxLength: 100,
    })
    .map((segments) => `/${segments.join('/')}`);
const signals = fc.array(
  path(1).map((address): SignalDefinition => ({ address, type: 'param' })),
  { minLength: 1, maxLength: 60 },
);
const scopes = fc.array(
  path(3).map((pattern): Scope => ({ action: 'write', pattern: parsePattern(pattern) })),
  { maxLength: 20 },
);

const everything: Scope = { action: 'write', pattern: parsePattern('/**') };

describe('random announcements under random scopes', () => {
  it('never take more than a bounded number of steps', () => {
    fc.assert(
      fc.property(fc.array(signals, { maxLength: 20 }), scopes, (announcements, held) => {
        const harness = new CoreHarness({ securityMode: 'authenticated', maxGlobstars: 0 });
        const desk = harness.joinWith({ scopes: [...held, everything] });
        for (const one of announcements) {
          const before = harness.core.steps;
          desk.send({ type: 'announce', namespace: '', signals: one });
          expect(harness.core.steps - before).toBeLessThan(MAX_ANNOUNCE_STEPS + 1.1 * MAX_COVER_STEPS);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/**
 * A slice ends after the piece that exceeded its limit: a full frame, or the comparison of a pattern with all scopes of
 * a token.
 */
const SLICE_STEPS = 1_000;
const MOST_STEPS_OF_A_SLICE = SLICE_STEPS + 16_384 + 1.1 * MAX_COVER_STEPS;

describe('the reply to a random QUERY of random announcements', () => {
  it('equals the result of a naive search, in order, and each slice takes a bounded number of steps', () => {
    fc.assert(
      fc.property(fc.array(signals, { maxLength: 10 }), path(3), scopes, (announcements, pattern, held) => {
        const harness = new CoreHarness({ securityMode: 'authenticated' });
        const { session } = harness.joinWith({ scopes: [...held, everything] });
        const directory = new SignalDirectory({
          maxSignals: 0,
          maxSignalBytes: 0,
          signalTtlSeconds: 0,
          maxMatchSteps: 0,
          checkAnnounced: false,
        });
        const kept = new Set<string>();
        for (const one of announcements) {
          directory.announce(new Owner('desk'), one, 0);
          for (const { address } of one) {
            kept.delete(address);
            kept.add(address);
          }
        }
        const found: string[] = [];
        const task = new QueryTask(session, parsePattern(pattern), {
          signals: directory,
          isVisible: () => true,
          send: (_, definitions) => void found.push(...definitions.map(({ address }) => address)),
          nowMicros: () => 0,
          mayBegin: () => true,
          answered: () => undefined,
        });
        while (!task.isDone) expect(task.run(SLICE_STEPS)).toBeLessThan(MOST_STEPS_OF_A_SLICE);
        expect(found).toEqual([...kept].filter((address) => matchPattern(pattern, address)));
      }),
      { numRuns: 60 },
    );
  });
});
