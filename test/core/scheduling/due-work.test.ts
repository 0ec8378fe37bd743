import { describe, expect, it } from '@jest/globals';
import { createActor, SimulatedClock } from 'xstate';
import { silentLogger } from '../../../src/core/ports.js';
import { type DueWork, runDueWork } from '../../../src/core/scheduling/due-work.js';
import { routerLogic } from '../../../src/actors/router/router-logic.js';
import { Slice } from '../../../src/core/scheduling/slice.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { StepCounter } from '../../../src/protocol/step-counter.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { LiveSnapshot } from '../../../src/actors/router/router-snapshot.js';
import { coreDefaults, CoreHarness, type Peer } from '../../support/core-harness.js';

const set = (address: string, value: number): Message => ({ type: 'set', address, value: encodeValue(value) });

function schedule(harness: CoreHarness, peer: Peer, seconds: number, messages: readonly Message[]): void {
  peer.send({ type: 'bundle', timestamp: harness.nowMicros + seconds * 1_000_000, messages }, { qos: 0 });
}

/** Advances the clock and runs turn by turn. @returns the steps of each turn */
function turnsAt(harness: CoreHarness, seconds: number, afterEach: () => void = () => undefined): number[] {
  harness.nowMicros += seconds * 1_000_000;
  const turns: number[] = [];
  let isLeft = true;
  while (isLeft) {
    const before = harness.core.steps;
    isLeft = harness.core.runDue();
    turns.push(harness.core.steps - before);
    afterEach();
  }
  return turns;
}

describe('bundles due at the same time', () => {
  it('run in several turns, each bundle as a whole, in the order of arrival', () => {
    const harness = new CoreHarness();
    const [desk, reader] = [harness.join(), harness.join()];
    const size = 500;
    reader.subscribe(1, '/**');
    for (let k = 0; k < size; k++) desk.set(`/p/${k}`, 0, { qos: 0 }); // the cost of new addresses is not measured here
    reader.read();
    for (let i = 0; i < 40; i++) {
      schedule(
        harness,
        desk,
        10,
        Array.from({ length: size }, (_, k) => set(`/p/${k}`, i)),
      );
    }
    const perTurn: number[] = [];
    const values: unknown[] = [];
    const turns = turnsAt(harness, 10, () => {
      const messages = reader.read();
      perTurn.push(messages.length);
      values.push(...messages.map((message) => (message.type === 'set' ? message.value.decode() : undefined)));
    });
    expect(turns.length).toBeGreaterThan(10);
    expect(Math.max(...turns)).toBeLessThan(16_384 + 20 * size); // one slice and one bundle more
    expect(perTurn.every((count) => count % size === 0)).toBe(true);
    expect(values).toEqual(Array.from({ length: 40 }, (_, i) => Array<number>(size).fill(i)).flat());
  });

  it('admit messages that arrive in the meantime between two bundles, never within one', () => {
    const harness = new CoreHarness();
    const [desk, other] = [harness.join(), harness.join()];
    for (let i = 0; i < 10; i++) {
      schedule(harness, desk, 10, [...Array.from({ length: 1_000 }, () => set('/a', i)), set('/b', i)]);
    }
    const seen: unknown[] = [];
    turnsAt(harness, 10, () => {
      other.send({ type: 'get', address: '/a' });
      other.send({ type: 'get', address: '/b' });
      seen.push(other.read().map((message) => (message.type === 'snapshot' ? message.params[0]?.value.decode() : 0)));
    });
    expect(seen.length).toBeGreaterThan(2);
    for (const pair of seen as [unknown, unknown][]) expect(pair[0]).toBe(pair[1]);
  });
});

describe('other work due at the same time', () => {
  it('sends paced values in several turns, and each session gets its last one', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    const readers = Array.from({ length: 20 }, () => harness.join());
    for (const reader of readers) reader.subscribe(1, '/p/**', { maxRate: 1 });
    for (let i = 0; i < 200; i++) desk.set(`/p/${i}`, 0, { qos: 0 });
    for (let i = 0; i < 200; i++) desk.set(`/p/${i}`, 1, { qos: 0 });
    for (const reader of readers) reader.read();
    const turns = turnsAt(harness, 1);
    expect(turns.length).toBeGreaterThan(2);
    expect(Math.max(...turns)).toBeLessThan(20_000);
    for (const reader of readers) expect(reader.read()).toHaveLength(200);
  });

  it('sends windows of samples in several turns', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    const readers = Array.from({ length: 20 }, () => harness.join());
    for (const reader of readers) reader.subscribe(1, '/s/**', { window: 100 }, ['stream']);
    for (let i = 0; i < 200; i++) desk.publish(`/s/${i}`, 'stream', 0.5);
    const turns = turnsAt(harness, 0.1);
    expect(turns.length).toBeGreaterThan(2);
    expect(Math.max(...turns)).toBeLessThan(20_000);
    for (const reader of readers) expect(reader.read()).toHaveLength(200);
  });

  it('sends moves of gestures in several turns, also before a batch of messages', () => {
    const harness = new CoreHarness();
    const reader = harness.join();
    reader.subscribe(1, '/g/**');
    const desks = Array.from({ length: 20 }, () => harness.join());
    const gesture = (desk: Peer, id: number, phase: 'start' | 'move', value: number): void => {
      desk.publish(`/g/${id}`, 'gesture', value, { id, phase });
    };
    for (const desk of desks) for (let id = 0; id < 200; id++) gesture(desk, id, 'start', 0);
    for (const desk of desks) for (let id = 0; id < 200; id++) gesture(desk, id, 'move', 1);
    for (const desk of desks) for (let id = 0; id < 200; id++) gesture(desk, id, 'move', 2);
    reader.read();
    harness.nowMicros += 20_000;
    const before = harness.core.steps;
    harness.core.beginBatch();
    expect(harness.core.steps - before).toBeLessThan(6_000);
    const turns = turnsAt(harness, 0);
    expect(Math.max(...turns)).toBeLessThan(20_000);
    expect(turns.length).toBeGreaterThan(1);
    expect(reader.read()).toHaveLength(4_000);
  });

  it('removes expired announced signals in several turns, and none is found in the meantime', () => {
    const harness = new CoreHarness({ signalTtlSeconds: 10 });
    const desk = harness.join();
    for (let i = 0; i < 2; i++) {
      const signals = Array.from({ length: 1_000 }, (_, k) => ({ address: `/${i}/${k}`, type: 'param' as const }));
      desk.send({ type: 'announce', namespace: '', signals });
    }
    desk.read();
    const turns = turnsAt(harness, 10, () => {
      desk.send({ type: 'query', pattern: '/0/7' });
      expect(desk.read()).toMatchObject([{ type: 'result', signals: [] }]);
    });
    expect(turns.length).toBeGreaterThan(2);
    expect(harness.core.signalCount).toBe(0);
  });

  it('of several kinds progresses in parallel', () => {
    const harness = new CoreHarness();
    const [desk, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/p/**', { maxRate: 1 });
    for (let i = 0; i < 200; i++) desk.set(`/p/${i}`, 0, { qos: 0 });
    for (let i = 0; i < 200; i++) desk.set(`/p/${i}`, 1, { qos: 0 });
    for (let i = 0; i < 5_000; i++)
      desk.send({ type: 'set', address: `/x/${i}`, value: encodeValue(1), ttl: 1 }, { qos: 0 });
    for (let i = 0; i < 50; i++) {
      schedule(
        harness,
        desk,
        1,
        Array.from({ length: 1_000 }, () => set('/b', i)),
      );
    }
    reader.read();
    harness.nowMicros += 1_000_000;
    const params = harness.core.paramCount;
    expect(harness.core.runDue()).toBe(true);
    expect(reader.read().length).toBeGreaterThan(50);
    expect(harness.core.paramCount).toBeLessThan(params - 50);
    expect(harness.core.statistics().schedule.bundles).toBeGreaterThan(0);
  });
});

describe('runDueWork', () => {
  /** Work of `pieces` pieces of 10 steps each, all due. */
  function workOf(pieces: number): DueWork & { left: number } {
    return {
      left: pieces,
      get dueMicros() {
        return this.left > 0 ? 0 : Infinity;
      },
      runDue(_, slice) {
        for (; this.left > 0 && !slice.isOver; this.left--) slice.spend(10);
      },
    };
  }
  const newSlice = (): Slice => {
    const counter = new StepCounter();
    return new Slice(counter, counter);
  };

  it('gives each kind of due work an equal share, and the unused steps of one to the others', () => {
    const [none, little, much, more] = [workOf(0), workOf(5), workOf(1_000), workOf(1_000)];
    expect(runDueWork([none, little, much, more], 0, newSlice(), 900)).toBe(true);
    // 30 pieces each; the 25 that `little` does not use go to the first kind with more work.
    expect([little.left, much.left, more.left]).toEqual([0, 1_000 - 55, 1_000 - 30]);
  });

  it('reports when nothing is left', () => {
    expect(runDueWork([workOf(0), workOf(5)], 0, newSlice(), 900)).toBe(false);
    expect(runDueWork([workOf(0)], 0, newSlice(), 900)).toBe(false);
  });
});

describe('the router actor', () => {
  it('continues due work in the next turn of the event loop, even if the clock does not advance', () => {
    const clock = new SimulatedClock();
    const deferred: (() => void)[] = [];
    const harness = new CoreHarness();
    const router = createActor(routerLogic, {
      input: {
        ...coreDefaults,
        highWaterBytes: 1 << 20,
        maxSendBufferBytes: 0,
        clock,
        logger: silentLogger,
        defer: (callback) => void deferred.push(callback),
      },
    }).start();
    const { session } = harness.connect();
    session.phase = 'awaitingHello';
    const send = (...messages: Message[]): void => {
      const frames = messages.map((message) => ({ message, qos: 0 as const, encoding: 'binary' as const }));
      router.send({ type: 'inbound.batch', batches: [{ session, frames, receivedMicros: 0 }] });
    };
    send({ type: 'hello', version: 1, name: 'desk', features: [] });
    for (let i = 0; i < 100; i++) {
      const messages = Array.from({ length: 500 }, () => set('/a', i));
      send({ type: 'bundle', timestamp: 1_000_000, messages });
    }
    clock.increment(1_000);
    let turns = 0;
    for (let next = deferred.shift(); next !== undefined; next = deferred.shift()) {
      next();
      turns++;
    }
    expect(turns).toBeGreaterThan(30);
    expect(LiveSnapshot.router(router.getSnapshot())?.statistics().schedule.bundles).toBe(100);
    router.stop();
  });
});
