import { describe, expect, it } from '@jest/globals';
import { FOUND_BYTES } from '../../../src/core/announce/query-handler.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

const SIGNALS = 3_000;

/** A router with so many announced signals that a reply takes several turns, and memory for `answers` replies. */
function router(answers: number): CoreHarness {
  const harness = new CoreHarness({ maxQueryBytes: answers * SIGNALS * FOUND_BYTES });
  const desk = harness.join();
  for (let at = 0; at < SIGNALS; at += 500) {
    const signals = Array.from({ length: 500 }, (_, i) => ({ address: `/signal/${at + i}`, type: 'param' as const }));
    desk.send({ type: 'announce', namespace: '/signal', signals });
  }
  return harness;
}

/** A session that has sent a QUERY and does not read. */
function stuck(harness: CoreHarness): Peer {
  const peer = harness.join();
  peer.send({ type: 'query', pattern: '/**' });
  peer.session.notify({ type: 'connection.congested', bufferedBytes: 1 });
  return peer;
}

function query(peer: Peer): void {
  peer.send({ type: 'query', pattern: '/**' });
}

/** Number of signals in the replies that a session has received. */
function received(peer: Peer): number {
  return peer.read().reduce((sum, message) => sum + (message.type === 'result' ? message.signals.length : 0), 0);
}

describe('maxQueryBytes', () => {
  it('closes the session that has not read for longest if another reply needs the memory', () => {
    const harness = router(2);
    const first = stuck(harness);
    harness.nowMicros += 1_000;
    const second = stuck(harness);
    const reader = harness.join();
    query(reader);
    harness.settle();
    expect(first.events).toContainEqual(expect.objectContaining({ type: 'end.budgetExceeded' }));
    expect([first, second, reader].map(({ session }) => session.phase)).toEqual(['draining', 'congested', 'active']);
    expect(received(reader)).toBe(SIGNALS);
  });

  it('makes replies wait for those of sessions that read, and completes all of them', () => {
    const harness = router(2);
    const readers = Array.from({ length: 10 }, () => harness.join());
    for (const reader of readers) query(reader);
    harness.settle();
    expect(readers.map(received)).toEqual(readers.map(() => SIGNALS));
    expect(readers.every(({ session }) => session.phase === 'active')).toBe(true);
  });

  it('permits one reply of any size', () => {
    const harness = router(0.1);
    const reader = harness.join();
    query(reader);
    harness.settle();
    expect(received(reader)).toBe(SIGNALS);
  });
});
