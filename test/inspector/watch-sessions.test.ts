import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import type { SessionView } from '../../src/actors/session/session-view.js';
import { watchSessions } from '../../src/inspector/watch-sessions.js';
import { Collected } from './collected.js';

const actor = { sessionId: 'x:1' } as SessionView['actor']; // the only member that is read

function view(id: string, more: Partial<SessionView> = {}): SessionView {
  return {
    id,
    actor,
    name: `desk ${id}`,
    features: [],
    transport: 'websocket',
    remoteAddress: '10.0.0.1:5000',
    subject: undefined,
    tokenId: undefined,
    phase: 'active',
    phaseSinceMs: 0,
    openedMs: 0,
    lastReceivedMs: 0,
    receivedMessages: 0,
    sentMessages: 0,
    receivedBytes: 0,
    sentBytes: 0,
    subscriptions: 0,
    bufferedBytes: 0,
    queuedBytes: 0,
    queuedMessages: 0,
    droppedMessages: 0,
    lastError: undefined,
    ...more,
  };
}

function watching(first: readonly SessionView[]) {
  const clock = new SimulatedClock();
  const told = new Collected();
  let views = first;
  const running = watchSessions(
    () => views,
    () => 7,
    clock,
    told.sendFeed,
  );
  return {
    told,
    running,
    clock,
    then(next: readonly SessionView[]) {
      views = next;
      clock.increment(500);
      return told.last('sessions');
    },
  };
}

describe('the view of all sessions', () => {
  it('sends all sessions first, and then only changes', () => {
    const { told, then } = watching([view('a'), view('b')]);
    expect(told.last('sessions')).toMatchObject({ total: 2, params: 7, removed: [] });
    expect(told.last('sessions').rows.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(then([view('a'), view('b')])).toMatchObject({ rows: [], removed: [], total: 2 });
    expect(then([view('a'), view('b', { subscriptions: 1 })]).rows).toMatchObject([{ id: 'b', subscriptions: 1 }]);
    const lastError = { code: 403, text: 'no', atMs: 5 };
    expect(then([view('a', { lastError }), view('b', { subscriptions: 1 })]).rows).toMatchObject([
      { id: 'a', lastError },
    ]);
  });

  it('sends each end once, and each new session', () => {
    const { then } = watching([view('a'), view('b')]);
    expect(then([view('b'), view('c')])).toMatchObject({ removed: ['a'], rows: [{ id: 'c' }] });
    expect(then([view('b'), view('c')])).toMatchObject({ removed: [], rows: [] });
    expect(then([view('a'), view('b'), view('c')]).rows).toMatchObject([{ id: 'a' }]);
  });

  it('has rates per second, over the last second', () => {
    const { told, then } = watching([view('a', { receivedMessages: 1_000, receivedBytes: 1 })]);
    expect(told.last('sessions').rows).toMatchObject([{ messagesIn: 0, bytesIn: 0 }]);
    const busy = view('a', { receivedMessages: 1_100, receivedBytes: 5_001, sentMessages: 10, sentBytes: 20 });
    expect(then([busy]).rows).toMatchObject([{ messagesIn: 200, bytesIn: 10_000, messagesOut: 20, bytesOut: 40 }]);
    expect(then([busy]).rows).toMatchObject([{ messagesIn: 100, bytesIn: 5_000 }]);
    expect(then([busy]).rows).toMatchObject([{ messagesIn: 0, bytesIn: 0 }]);
    expect(then([busy]).rows).toEqual([]);
  });

  it('sums up the bytes in the socket and in the send queue', () => {
    const { told } = watching([view('a', { bufferedBytes: 10, queuedBytes: 5, droppedMessages: 3 })]);
    expect(told.last('sessions').rows).toMatchObject([{ queueBytes: 15, dropped: 3 }]);
  });

  it('sends only the one of a thousand sessions that changed', () => {
    const thousand = Array.from({ length: 1_000 }, (_, index) => view(String(index)));
    const { told, then } = watching(thousand);
    expect(told.last('sessions').rows).toHaveLength(1_000);
    const one = then(thousand.with(500, view('500', { phase: 'closed' })));
    expect(one).toMatchObject({ total: 1_000, rows: [{ id: '500', state: 'closed' }] });
  });

  it('ends when it is stopped', () => {
    const { told, running, clock } = watching([view('a')]);
    running.stop();
    clock.increment(5_000);
    expect(told.messages).toHaveLength(1);
  });
});
