import { describe, expect, it } from '@jest/globals';
import type { DeferBatch, InboundBatch } from '../../src/actors/router/router-actor-events.js';
import type { RouterSession } from '../../src/core/session.js';
import type { InboundFrame } from '../../src/protocol/inbound.js';
import { type Inbound, TurnQueue } from '../../src/router/turn-queue.js';
import { CoreHarness } from '../support/core-harness.js';

const harness = new CoreHarness();

/** Frames that cost one each; `handle` accepts a given number per session, and in total, in a turn. */
function queueWith({ perSession, perTurn = Infinity }: { readonly perSession: number; readonly perTurn?: number }): {
  readonly log: string[];
  readonly held: Set<string>;
  readonly queue: TurnQueue;
  turn(): void;
} {
  const log: string[] = [];
  const held = new Set<string>();
  let planned: (() => void) | undefined;
  const handle = (batches: readonly InboundBatch[], defer: DeferBatch): void => {
    const used = new Map<RouterSession, number>();
    let left = perTurn;
    for (const batch of batches) {
      const { session, frames, next = 0 } = batch;
      let at = next;
      while (at < frames.length && left > 0 && (used.get(session) ?? 0) < perSession) {
        used.set(session, (used.get(session) ?? 0) + 1);
        left--;
        log.push(`${session.name}${labelOf(frames[at++]!)}`);
      }
      if (at === frames.length) continue;
      used.set(session, Infinity);
      defer(batch, at);
    }
  };
  const queue = new TurnQueue({
    handle,
    depart: ({ session }) => void log.push(`${session.name} ends`),
    hold: ({ name }, isHeld) => {
      if (isHeld) held.add(name);
      else held.delete(name);
    },
    schedule: (turn) => (planned = turn),
  });
  const turn = (): void => {
    const due = planned;
    planned = undefined;
    log.push('|');
    due?.();
  };
  return { log, held, queue, turn };
}

function sessionNamed(name: string): RouterSession {
  const { session } = harness.connect();
  session.name = name;
  return session;
}

const frame = (label: string): InboundFrame => ({
  message: { type: 'get', address: label },
  qos: 0,
  encoding: 'binary',
});

function labelOf({ message }: InboundFrame): string {
  return message.type === 'get' ? message.address : message.type;
}

const batch = (session: RouterSession, labels: string): Inbound => ({
  session,
  frames: Array.from(labels, frame),
  receivedMicros: 0,
});

describe('TurnQueue', () => {
  it('makes only the session that sends much wait', () => {
    const { log, queue, turn } = queueWith({ perSession: 2 });
    const [busy, calm] = [sessionNamed('b'), sessionNamed('c')];
    queue.push([batch(busy, '12345'), batch(calm, '1')]);
    queue.push([batch(calm, '2')]);
    turn();
    turn();
    expect(log.join(' ')).toBe('b1 b2 c1 c2 | b3 b4 | b5');
    expect(queue.size).toBe(0);
  });

  it('keeps the order of a session, including its end', () => {
    const { log, queue, turn } = queueWith({ perSession: 2 });
    const busy = sessionNamed('b');
    queue.push([batch(busy, '123'), batch(busy, '4')]);
    queue.push([batch(busy, '5'), { session: busy, end: { type: 'connection.closed' } }]);
    turn();
    turn();
    turn();
    expect(log.join(' ')).toBe('b1 b2 | b3 b4 | b5 b ends |');
  });

  it('serves first the sessions that the last turn did not reach', () => {
    const { log, queue, turn } = queueWith({ perSession: 2, perTurn: 4 });
    const sessions = ['a', 'b', 'c'].map(sessionNamed);
    queue.push(sessions.map((session) => batch(session, '123456')));
    turn();
    turn();
    expect(log.join(' ')).toBe('a1 a2 b1 b2 | c1 c2 a3 a4 | b3 b4 c3 c4');
  });

  it('reads nothing from a session with waiting input', () => {
    const { held, queue, turn } = queueWith({ perSession: 2 });
    const busy = sessionNamed('b');
    queue.push([batch(busy, '123')]);
    expect([...held]).toEqual(['b']);
    turn();
    expect([...held]).toEqual([]);
  });
});
