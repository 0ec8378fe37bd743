import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SET_RETENTION } from '../../../src/core/congestion/policy.js';
import { SendQueueBudget } from '../../../src/core/congestion/send-queue-budget.js';
import { Dispatcher } from '../../../src/core/delivery/dispatcher.js';
import { FrameWriter } from '../../../src/core/delivery/frame-writer.js';
import { wireForms } from '../../../src/core/delivery/wire-form.js';
import type { RouterSession } from '../../../src/core/session.js';
import { CoreHarness } from '../../support/core-harness.js';
import { toHex } from '../../support/hex.js';

const SESSIONS = 8;
const who = fc.nat(SESSIONS - 1);
// Few lists of recipients, and mostly the first: consecutive messages have the same one.
const lists: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5],
  [2, 3, 4, 5, 6, 7],
  [0, 1],
];
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('all' as const),
      list: fc.constantFrom(0, 0, 0, 0, 1, 2),
      except: fc.constantFrom(undefined, undefined, undefined, 1, 5),
      repeated: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 3, arbitrary: who.map((one) => ({ kind: 'reply' as const, one })) },
  { weight: 2, arbitrary: who.map((one) => ({ kind: 'take' as const, one })) },
  { weight: 1, arbitrary: who.map((one) => ({ kind: 'clear' as const, one })) },
  { weight: 1, arbitrary: who.map((one) => ({ kind: 'congest' as const, one })) },
  { weight: 1, arbitrary: who.map((one) => ({ kind: 'drain' as const, one })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'dirty' as const }) },
);

/** What a session should have received: the bytes in its outbox, and how many messages ever. */
interface Expected {
  bytes: string;
  pushed: number;
}

describe('messages to the same sessions in succession', () => {
  it('reach each session as if they were delivered one by one, whatever happens to some of them between', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const harness = new CoreHarness();
        const sessions = Array.from({ length: SESSIONS }, () => harness.join().session);
        const recipients = lists.map((list) => list.map((i) => sessions[i]!));
        const budget = new SendQueueBudget({ maxQueueBytesTotal: 1_000_000 });
        const deliveries = new Dispatcher(budget);
        const writer = new FrameWriter(wireForms[0]!);
        const replies = new FrameWriter(wireForms[0]!);
        const expected = new Map<RouterSession, Expected>();
        const dirty = new Set<RouterSession>();
        let count = 0;
        for (const session of sessions) {
          session.outbox.clear();
          expected.set(session, { bytes: '', pushed: session.outbox.pushed });
        }
        const expectPush = (session: RouterSession, bytes: Uint8Array): void => {
          count++;
          if (session.phase !== 'active') return; // in its send queue
          const own = expected.get(session)!;
          if (own.bytes === '') dirty.add(session);
          own.bytes += toHex(bytes);
          own.pushed++;
        };
        let number = 0;
        for (const one of steps) {
          if (one.kind === 'all') {
            const except = one.except === undefined ? undefined : sessions[one.except];
            for (let i = 0; i < one.repeated; i++) {
              writer.write({ type: 'get', address: `/${number++}` });
              deliveries.toAll(recipients[one.list]!, writer, except, SET_RETENTION, '/x');
              const bytes = writer.bytes.subarray(writer.start, writer.end);
              for (const session of recipients[one.list]!) if (session !== except) expectPush(session, bytes);
            }
          } else if (one.kind === 'dirty') {
            expect(new Set(deliveries.takeDirty())).toEqual(dirty);
            dirty.clear();
          } else {
            const session = sessions[one.one]!;
            const own = expected.get(session)!;
            if (one.kind === 'reply') {
              replies.write({ type: 'get', address: `/reply/${number++}` });
              deliveries.to(session, replies);
              expectPush(session, replies.bytes.subarray(replies.start, replies.end));
            } else if (one.kind === 'congest') {
              expect(toHex(session.outbox.take(false))).toBe(own.bytes); // congestion is noticed when output is written
              own.bytes = '';
              session.phase = 'congested';
            } else if (one.kind === 'drain') {
              session.phase = 'active';
            } else {
              if (one.kind === 'take') expect(toHex(session.outbox.take(true))).toBe(own.bytes);
              else session.outbox.clear();
              own.bytes = '';
            }
          }
          for (const session of sessions) {
            const { bytes, pushed } = expected.get(session)!;
            const { outbox } = session;
            expect([outbox.isEmpty, outbox.byteLength, outbox.pushed]).toEqual([
              bytes === '',
              bytes.length / 2,
              pushed,
            ]);
          }
          expect(deliveries.count).toBe(count);
        }
        for (const session of sessions) expect(toHex(session.outbox.take(false))).toBe(expected.get(session)!.bytes);
      }),
      { numRuns: 400 },
    );
  });

  it('take one step for a thousand sessions, from the third on', () => {
    const harness = new CoreHarness();
    const sessions = Array.from({ length: 5 }, () => harness.join().session);
    const deliveries = new Dispatcher(new SendQueueBudget({ maxQueueBytesTotal: 1_000 }));
    const writer = new FrameWriter(wireForms[0]!);
    const deliver = (): void => {
      writer.write({ type: 'ping' });
      deliveries.toAll(sessions, writer, undefined, SET_RETENTION, '/x');
    };
    deliver();
    deliver();
    // A session that cannot be read shows that the third message visits none.
    const [first] = sessions;
    Object.defineProperty(first, 'phase', {
      get: () => {
        throw new Error('visited');
      },
    });
    expect(deliver).not.toThrow();
    deliveries.endRun();
    expect(deliver).toThrow('visited');
  });
});
