import { describe, expect, it } from '@jest/globals';
import { IdleSweep } from '../../../src/actors/session/idle-sweep.js';
import { RouterSession } from '../../../src/core/session.js';
import type { SessionEvent } from '../../../src/core/session-events.js';
import { memoryLink } from '../../../src/transports/memory/index.js';
import { microseconds } from '../../../src/util/clock.js';
import { SteadyClock } from '../../support/steady-clock.js';

interface Subject {
  readonly session: RouterSession;
  readonly events: SessionEvent[];
}

function sessionOf(clock: SteadyClock, isTrusted = false): Subject {
  const events: SessionEvent[] = [];
  const { server } = memoryLink({ clock });
  const link = isTrusted ? Object.assign(Object.create(server) as typeof server, { isTrusted: true }) : server;
  const session = new RouterSession({
    id: 'one',
    link,
    notify: (event) => void events.push(event),
    nowMicros: microseconds(clock),
    maxQueueBytes: 1_000,
    maxQueueMessages: 10,
  });
  session.phase = 'active';
  return { session, events };
}

function start(subjects: readonly Subject[], clock: SteadyClock, sessionTimeoutMs = 10_000) {
  let due = 0;
  const sweep = new IdleSweep({ clock, sessionTimeoutMs, sessions: () => subjects, onDue: () => (due += 1) });
  return { sweep, due: () => due };
}

describe('the sweep of idle sessions', () => {
  it('ends a session without input and output for the limit, and no sooner', () => {
    const clock = new SteadyClock();
    const idle = sessionOf(clock);
    const { sweep } = start([idle], clock);
    clock.increment(9_999);
    sweep.sweep();
    expect(idle.events).toEqual([]);
    clock.increment(1);
    sweep.sweep();
    expect(idle.events).toMatchObject([
      { type: 'end.idled', error: { code: 502, message: 'Idle: nothing was received or sent for 10 s' } },
    ]);
  });

  it.each(['awaitingHello', 'authenticating', 'draining'] as const)('leaves a session that is %s alone', (phase) => {
    const clock = new SteadyClock();
    const other = sessionOf(clock);
    other.session.phase = phase;
    const { sweep } = start([other], clock);
    clock.increment(60_000);
    sweep.sweep();
    expect(other.events).toEqual([]);
  });

  it('leaves sessions of the embedding program alone', () => {
    const clock = new SteadyClock();
    const trusted = sessionOf(clock, true);
    const { sweep } = start([trusted], clock);
    clock.increment(60_000);
    sweep.sweep();
    expect(trusted.events).toEqual([]);
  });

  it('has no timer without a limit', () => {
    const clock = new SteadyClock();
    const { sweep, due } = start([sessionOf(clock)], clock, 0);
    sweep.plan();
    clock.increment(3_600_000);
    expect(due()).toBe(0);
  });
});
