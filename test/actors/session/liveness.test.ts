import { describe, expect, it } from '@jest/globals';
import type { RouterActorEvent } from '../../../src/actors/router/router-actor-events.js';
import { RouterSession } from '../../../src/core/session.js';
import type { SessionLink } from '../../../src/core/session-link.js';
import { mustAnswer, probe, silentMicros, unansweredMicros } from '../../../src/actors/session/liveness.js';

const SECOND = 1_000_000;

/** A session that connected at 0, and the events that the router actor gets for it. */
function setUp(link: Partial<SessionLink> = {}): {
  session: RouterSession;
  events: RouterActorEvent[];
  ask(at: number): void;
} {
  const events: RouterActorEvent[] = [];
  const session = new RouterSession({
    id: 'session-1',
    link: {
      transport: 'test',
      remoteAddress: 'test',
      framing: 'raw',
      encoding: undefined,
      bufferedBytes: 0,
      write: () => undefined,
      close: () => undefined,
      destroy: () => undefined,
      ...link,
    },
    notify: () => undefined,
    nowMicros: 0,
    maxQueueBytes: 1_000,
    maxQueueMessages: 1_000,
  });
  session.phase = 'active';
  return {
    session,
    events,
    ask: (at) => {
      probe(session, { send: (event) => void events.push(event) }, at);
    },
  };
}

describe('a probe', () => {
  it('is a PING of the router if the transport has no probe of its own', () => {
    const { session, events, ask } = setUp();
    ask(SECOND);
    expect(events).toEqual([{ type: 'session.probing', session }]);
  });

  it('is the transport’s own if it has one', () => {
    let probes = 0;
    const { events, ask } = setUp({ probe: () => (probes += 1) });
    ask(SECOND);
    expect([probes, events]).toEqual([1, []]);
  });

  it('is not sent to an in-process session', () => {
    const { session, events, ask } = setUp({ deliver: () => undefined });
    ask(SECOND);
    expect(events).toEqual([]);
    expect(unansweredMicros(session, 100 * SECOND)).toBe(0);
  });

  it('is answered by anything received after it, and by nothing received before', () => {
    const { session, ask } = setUp();
    session.lastReceivedMicros = 10 * SECOND;
    ask(30 * SECOND);
    expect(unansweredMicros(session, 34 * SECOND)).toBe(4 * SECOND);
    session.lastReceivedMicros = 35 * SECOND;
    expect(unansweredMicros(session, 60 * SECOND)).toBe(0);
    expect(silentMicros(session, 60 * SECOND)).toBe(25 * SECOND);
  });

  it('counts a repeated probe from the first unanswered one', () => {
    const { session, ask } = setUp();
    ask(30 * SECOND);
    ask(40 * SECOND);
    expect(unansweredMicros(session, 45 * SECOND)).toBe(15 * SECOND);
    session.lastReceivedMicros = 46 * SECOND;
    ask(50 * SECOND);
    expect(unansweredMicros(session, 51 * SECOND)).toBe(SECOND);
  });
});

describe('silence after a probe', () => {
  it('proves nothing about a peer that has never answered a PING', () => {
    const { session } = setUp();
    expect(mustAnswer(session)).toBe(false);
    session.answersPings = true;
    expect(mustAnswer(session)).toBe(true);
  });

  it('proves nothing about a congested session, which gets no PING', () => {
    const { session } = setUp();
    session.answersPings = true;
    session.phase = 'congested';
    expect(mustAnswer(session)).toBe(false);
  });

  it('proves that the peer is lost if the transport itself answers', () => {
    const { session } = setUp({ probe: () => undefined });
    expect(mustAnswer(session)).toBe(true);
    session.phase = 'congested';
    expect(mustAnswer(session)).toBe(true);
  });
});
