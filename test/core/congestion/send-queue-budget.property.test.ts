import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { QUEUED_MESSAGE_BYTES } from '../../../src/core/congestion/send-queue.js';
import { SendQueueBudget } from '../../../src/core/congestion/send-queue-budget.js';
import { CoreHarness } from '../../support/core-harness.js';

const TOTAL = 3_000;
const SESSIONS = 5;

const who = fc.nat(SESSIONS - 1);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      who,
      length: fc.integer({ min: 1, max: 200 }),
      mayDrop: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('take' as const), who, most: fc.nat(400) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const), who }) },
);

interface Entry {
  readonly length: number;
  readonly mayDrop: boolean;
}

/** The queue of each session, in the order in which they began to wait, with a linear search for the largest. */
class Model {
  readonly waiting = new Map<number, Entry[]>();
  readonly closed: number[] = [];
  dropped = 0;

  bytesOf(session: number): number {
    return (this.waiting.get(session) ?? []).reduce((sum, { length }) => sum + length, 0);
  }

  heldBytesOf(session: number): number {
    return this.bytesOf(session) + QUEUED_MESSAGE_BYTES * (this.waiting.get(session) ?? []).length;
  }

  get bytes(): number {
    return [...this.waiting.keys()].reduce((sum, session) => sum + this.bytesOf(session), 0);
  }

  get heldBytes(): number {
    return [...this.waiting.keys()].reduce((sum, session) => sum + this.heldBytesOf(session), 0);
  }

  push(session: number, entry: Entry): void {
    this.waiting.set(session, [...(this.waiting.get(session) ?? []), entry]);
    while (this.heldBytes > TOTAL) this.#relieve();
  }

  take(session: number, most: number): void {
    const entries = this.waiting.get(session) ?? [];
    let length = 0;
    let count = 0;
    while (count < entries.length && (count === 0 || length + entries[count]!.length <= most)) {
      length += entries[count++]!.length;
    }
    if (count < entries.length) this.waiting.set(session, entries.slice(count));
    else this.waiting.delete(session);
  }

  #relieve(): void {
    let most: number | undefined;
    for (const session of this.waiting.keys()) {
      if (most === undefined || this.heldBytesOf(session) > this.heldBytesOf(most)) most = session;
    }
    while (this.heldBytes > TOTAL) {
      const entries = this.waiting.get(most!)!; // the queue is not empty
      const oldest = entries.findIndex(({ mayDrop }) => mayDrop);
      if (oldest < 0) {
        this.waiting.delete(most!);
        this.closed.push(most!);
        return;
      }
      entries.splice(oldest, 1);
      this.dropped++;
    }
  }
}

describe('SendQueueBudget', () => {
  it('selects the same session as a linear search through all of them', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const harness = new CoreHarness();
        const peers = Array.from({ length: SESSIONS }, () => harness.connect());
        const queues = new SendQueueBudget({ maxQueueBytesTotal: TOTAL });
        const model = new Model();
        const bytes = new Uint8Array(200);
        for (const one of steps) {
          const { session } = peers[one.who]!;
          if (one.kind === 'push') {
            queues.push(session, bytes.subarray(0, one.length), one.mayDrop ? 'droppable' : 'keep', '/a');
            model.push(one.who, one);
          } else if (one.kind === 'take') {
            queues.take(session, one.most);
            model.take(one.who, one.most);
          } else {
            queues.clear(session);
            model.waiting.delete(one.who);
          }
          expect(peers.map((peer) => peer.session.sendQueue.bytes)).toEqual(peers.map((_, i) => model.bytesOf(i)));
          expect([queues.bytes, queues.heldBytes, queues.dropped, queues.overflows]).toEqual([
            model.bytes,
            model.heldBytes,
            model.dropped,
            model.closed.length,
          ]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('finds the session to relieve among a thousand without visiting each of them', () => {
    const harness = new CoreHarness();
    const count = 1_000;
    const peers = Array.from({ length: count }, () => harness.connect());
    const queues = new SendQueueBudget({ maxQueueBytesTotal: (100 + QUEUED_MESSAGE_BYTES) * count });
    let looks = 0;
    for (const { session } of peers) {
      const { sendQueue } = session;
      const counted = Object.create(sendQueue, {
        heldBytes: { get: () => (looks++, sendQueue.heldBytes) },
      }) as typeof sendQueue;
      for (const name of ['push', 'dropOldest', 'take', 'clear'] as const) {
        Object.defineProperty(counted, name, { value: sendQueue[name].bind(sendQueue) });
      }
      for (const name of ['bytes', 'dropped', 'droppable', 'messages'] as const) {
        Object.defineProperty(counted, name, { get: () => sendQueue[name] });
      }
      Object.defineProperty(session, 'sendQueue', { value: counted });
    }
    const bytes = new Uint8Array(100);
    for (const { session } of peers) queues.push(session, bytes, 'droppable', '/a');
    looks = 0;
    for (let i = 0; i < count; i++) queues.push(peers[i]!.session, bytes, 'droppable', '/a');
    expect(queues.dropped).toBe(count);
    expect(looks).toBeLessThan(20 * count);
  });
});
