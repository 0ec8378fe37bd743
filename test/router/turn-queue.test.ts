import { describe, expect, it } from '@jest/globals';
import type { DeferBatch, InboundBatch } from '../../src/actors/router/router-actor-events.js';
import type { RouterSession } from '../../src/core/session.js';
import type { InboundFrame } from '../../src/protocol/inbound.js';
import { type Inbound, TurnQueue } from '../../src/router/turn-queue.js';
import { CoreHarness } from '../support/core-harness.js';
import { decodedFrames } from '../support/decoded-frames.js';

const harness = new CoreHarness();

/** Frames that cost one each; `handle` accepts a given number per session, and in total, in a turn. */
function queueWith({ perSession, perTurn = Infinity }: { readonly perSession: number; readonly perTurn?: number }): {
  /** Steps that a session used recently: the number of its frames, and the time of the last one as its fraction. */
  readonly usedBefore: Map<RouterSession, number>;
  readonly log: string[];
  readonly held: Set<string>;
  readonly queue: TurnQueue;
  turn(): void;
} {
  const log: string[] = [];
  const held = new Set<string>();
  const usedBefore = new Map<RouterSession, number>();
  let planned: (() => void) | undefined;
  const handle = (batches: readonly InboundBatch[], defer: DeferBatch): void => {
    const used = new Map<RouterSession, number>();
    let left = perTurn;
    for (const batch of batches) {
      const { session, frames, next = 0 } = batch;
      let at = next;
      while (at < frames.length && left > 0 && (used.get(session) ?? 0) < perSession) {
        used.set(session, (used.get(session) ?? 0) + 1);
        usedBefore.set(session, Math.floor(usedBefore.get(session) ?? 0) + 1 + log.length / 1_000);
        left--;
        log.push(`${session.name}${decodedFrames([frames[at++]!]).map(labelOf).join('')}`);
      }
      if (at === frames.length) continue;
      used.set(session, Infinity);
      defer(batch, at, 0);
    }
  };
  const queue = new TurnQueue({
    handle,
    ranking: () => (session) => usedBefore.get(session) ?? 0,
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
  return { usedBefore, log, held, queue, turn };
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
    expect(log.join(' ')).toBe('b1 b2 c1 | c2 b3 b4 | b5');
    expect(queue.size).toBe(0);
  });

  it('handles first what a session that used little sends, however many sessions wait', () => {
    const { log, queue, turn } = queueWith({ perSession: 1, perTurn: 2 });
    const busy = Array.from('abcd', sessionNamed);
    queue.push(busy.map((session) => batch(session, '12')));
    turn();
    queue.push([batch(sessionNamed('z'), '1')]);
    turn();
    expect(log.join(' ')).toBe('a1 b1 | c1 d1 | z1 a2');
  });

  it('handles a short input first, also if those that wait with a long one have sent nothing before', () => {
    const { usedBefore, log, queue, turn } = queueWith({ perSession: 4, perTurn: 4 });
    const long = '1'.repeat(4);
    queue.push(Array.from('abc', sessionNamed).map((session) => batch(session, long)));
    const short = sessionNamed('s');
    usedBefore.set(short, 100);
    queue.push([batch(short, '2')]);
    turn();
    expect(log.join(' ')).toBe('a1 a1 a1 a1 | s2 b1 b1 b1');
  });

  it('gives one turn to all input that the network delivers in one turn of the event loop', () => {
    const turns: number[] = [];
    const planned: (() => void)[] = [];
    const queue = new TurnQueue({
      handle: (_batches, _defer, turn) => void turns.push(turn),
      ranking: () => () => 0,
      depart: () => undefined,
      hold: () => undefined,
      schedule: (turn) => void planned.push(turn),
    });
    const [one, other] = [sessionNamed('a'), sessionNamed('b')];
    const much = 'x'.repeat(1_000);
    queue.push([batch(one, much)]);
    queue.push([batch(other, much)]);
    for (const end of planned.splice(0)) end();
    queue.push([batch(one, much)]);
    expect(turns).toEqual([1, 1, 2]);
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

  it('serves next the sessions that the last turn did not reach', () => {
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
