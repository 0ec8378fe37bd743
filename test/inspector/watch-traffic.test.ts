import { describe, expect, it } from '@jest/globals';
import { createActor, fromTransition, SimulatedClock } from 'xstate';
import type { InboundBatch } from '../../src/actors/router/router-actor-events.js';
import { Registry } from '../../src/inspector/registry.js';
import { watchTraffic } from '../../src/inspector/watch-traffic.js';
import { ClaspError } from '../../src/protocol/errors.js';
import type { BundleMessage, PublishMessage, SetMessage } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { Collected, seededRandom } from './collected.js';

type Signal = SetMessage | PublishMessage | BundleMessage;

const set = (address: string, value: number | string = 1): SetMessage => ({
  type: 'set',
  address,
  value: encodeValue(value),
});

/** Returns the messages of one session from one read, with only the members that are read. */
function batch(messages: readonly Signal[], session = { id: 's1', name: 'desk' }): InboundBatch {
  return {
    session,
    frames: messages.map((message) => ({ message })),
    receivedMicros: 5_000,
  } as unknown as InboundBatch;
}

interface Ticked {
  readonly type: 'inbound.batch';
  readonly batches: readonly InboundBatch[];
}

/** The part of the router actor that the view observes. */
function nothing(state: number, { batches }: Ticked): number {
  return state + batches.length;
}

function watching(pattern: string, random?: () => number) {
  const clock = new SimulatedClock();
  const registry = new Registry(clock);
  const router = createActor(fromTransition(nothing, 0)).start();
  registry.watch(router, []);
  const told = new Collected();
  const running = watchTraffic(registry, pattern, clock, told.sendFeed, random);
  return {
    told,
    running,
    clock,
    tick(...batches: readonly InboundBatch[]) {
      router.send({ type: 'inbound.batch', batches });
    },
    /** Returns the next message to the page. */
    next() {
      clock.increment(200);
      return told.last('traffic');
    },
  };
}

/** A batch that counts how many of its messages were read. */
function counted(counts: { looks: number }, frameCount: number): InboundBatch {
  const message = new Proxy(set('/a/1'), {
    get(target, key, receiver) {
      if (key === 'address') counts.looks++;
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  return batch(Array.from({ length: frameCount }, () => message));
}

describe('the view of the traffic', () => {
  it('sends the matching messages in order, five times per second', () => {
    const { tick, next, told, clock } = watching('/a/**');
    tick(batch([set('/a/1', 0.5), set('/b/1'), set('/a/2', 'x')]));
    expect(told.messages).toEqual([]);
    expect(next()).toMatchObject({
      pattern: '/a/**',
      seen: 2,
      lines: [
        { atMs: 5, from: 'desk', kind: 'set', address: '/a/1', value: 0.5 },
        { kind: 'set', address: '/a/2', value: 'x' },
      ],
    });
    clock.increment(5_000);
    expect(told.messages).toHaveLength(1); // an empty period causes no message
  });

  it('uses the id of a session without a name', () => {
    const { tick, next } = watching('/**');
    tick(batch([set('/a')], { id: 's9', name: '' }));
    expect(next().lines).toMatchObject([{ from: 's9' }]);
  });

  it('has the relevant details of each kind', () => {
    const { tick, next } = watching('/**');
    tick(
      batch([
        { ...set('/a'), lock: true, ttl: 5 },
        { type: 'publish', address: '/b', signal: 'gesture', id: 3, phase: 'move' },
        set('/c', 'x'.repeat(600)),
      ]),
    );
    expect(next().lines).toMatchObject([
      { note: 'locks, 5 s' },
      { kind: 'gesture', note: 'move 3' },
      { value: expect.stringMatching(/^\(60\d bytes\)$/) as unknown },
    ]);
  });

  it('hides values by a segment of the address and by their content, in bundles too', () => {
    const { tick, next } = watching('/a/**');
    tick(
      batch([
        set('/a/password', 'hunter2'),
        set('/a/note', 'cpsk_0123456789abcdef'),
        { type: 'bundle', messages: [set('/a/password', 'hunter2')] },
        set('/a/title', 'hunter2'),
      ]),
    );
    expect(next().lines.map(({ value }) => value)).toEqual(['(hidden)', '(hidden)', '(hidden)', 'hunter2']);
  });

  it('shows a bundle if one of its messages matches, with the first match and the number of the others', () => {
    const { tick, next } = watching('/a/**');
    const cue: PublishMessage = { type: 'publish', address: '/a/cue', value: encodeValue('go') };
    tick(
      batch([
        { type: 'bundle', messages: [set('/b'), set('/a/1', 0.5), { ...set('/a/2'), lock: true }, cue] },
        { type: 'bundle', messages: [set('/b')] },
        { type: 'bundle', messages: [cue] },
      ]),
    );
    expect(next()).toEqual({
      type: 'traffic',
      pattern: '/a/**',
      seen: 2,
      lines: [
        { atMs: 5, from: 'desk', kind: 'bundle', address: '/a/1', value: 0.5, more: 3, note: '3 set, 1 event' },
        { atMs: 5, from: 'desk', kind: 'bundle', address: '/a/cue', value: 'go', note: '1 event' },
      ],
    });
  });

  it('counts the messages of a bundle that is too large to be read', () => {
    const { tick, next } = watching('/**');
    tick(batch([{ type: 'bundle', messages: Array.from({ length: 10_000 }, () => set('/b')) }]));
    expect(next().lines).toMatchObject([
      { kind: 'bundle', address: '/b', value: 1, more: 9_999, note: '10000 messages' },
    ]);
  });

  it.each([
    ['of one session', 1],
    ['of a thousand sessions', 1_000],
    ['of a hundred thousand sessions', 100_000],
  ])('reads few of 100,000 messages %s in one turn, and estimates how many matched', (_, sessions) => {
    const { tick, next } = watching('/a/**', seededRandom(1));
    const counts = { looks: 0 };
    tick(...Array.from({ length: sessions }, () => counted(counts, 100_000 / sessions)));
    // The address of a message that becomes a line is read twice.
    expect(counts.looks).toBeGreaterThanOrEqual(60);
    expect(counts.looks).toBeLessThanOrEqual(64 + 64);
    const { seen, lines } = next();
    expect(lines).toHaveLength(40);
    expect(Math.abs(seen - 100_000)).toBeLessThanOrEqual(2_000);
  });

  it('reads only the beginning of a bundle', () => {
    const { tick, told, clock } = watching('/a/**');
    const many = Array.from({ length: 10_000 }, () => set('/b'));
    tick(batch([{ type: 'bundle', messages: [...many, set('/a/1')] }]));
    clock.increment(200);
    expect(told.messages).toEqual([]);
  });

  it('shows both kinds if two kinds alternate', () => {
    const { tick, next } = watching('/**', seededRandom(2));
    const pair = [set('/even'), set('/odd')];
    for (let turn = 0; turn < 40; turn++) tick(batch(Array.from({ length: 128 }, (_, index) => pair[index % 2]!)));
    expect(new Set(next().lines.map(({ address }) => address))).toEqual(new Set(['/even', '/odd']));
  });

  it('gives each match the same chance', () => {
    const { tick, next } = watching('/**', seededRandom(3));
    const shown = new Map<string, number>();
    const messages = Array.from({ length: 60 }, (_, index) => set(`/p/${index}`));
    for (let round = 0; round < 600; round++) {
      tick(batch(messages));
      tick(batch(messages.map(({ address }) => set(`${address}/second`))));
      for (const { address } of next().lines) shown.set(address, (shown.get(address) ?? 0) + 1);
    }
    // 40 of 120 each time, 600 times: 200 on average, with a standard deviation of 11.5.
    expect(shown.size).toBe(120);
    for (const count of shown.values()) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  it('rejects an invalid pattern, and ends when it is stopped', () => {
    expect(() => watching('no slash')).toThrow(ClaspError);
    const { tick, running, clock, told } = watching('/**');
    running.stop();
    tick(batch([set('/a')]));
    clock.increment(1_000);
    expect(told.messages).toEqual([]);
  });
});
