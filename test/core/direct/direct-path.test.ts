import { describe, expect, it } from '@jest/globals';
import { DIRECT_STEPS } from '../../../src/core/scheduling/message-steps.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { TwoPaths } from './two-paths.js';

const set = (value: Value): Message => ({ type: 'set', address: '/a', value: encodeValue(value) });
const event = (value: Value): Message => ({
  type: 'publish',
  address: '/e',
  signal: 'event',
  value: encodeValue(value),
});
const stream = (value: Value): Message => ({ ...event(value), signal: 'stream' }) as Message;

/** Returns whether the last of these messages is handled as bytes. Both routers must give the same output. */
function isDirect(paths: TwoPaths, messages: readonly Message[], from = 0): boolean {
  const { core } = paths.direct.harness;
  let before = 0;
  for (const message of messages) {
    before = core.work.steps;
    paths.send(from, message, 1);
    paths.compare();
  }
  return core.work.steps - before === DIRECT_STEPS;
}

function show(...args: ConstructorParameters<typeof TwoPaths>): TwoPaths {
  const paths = new TwoPaths(...args);
  paths.join();
  paths.join();
  paths.send(1, { type: 'subscribe', id: 1, pattern: '/**' });
  paths.both(({ harness }) => {
    harness.settle();
  });
  paths.compare();
  return paths;
}

describe('the direct path', () => {
  it.each<[string, Value, Value]>([
    ['floats', 0.5, 0.75],
    ['Ints', 1n, -5n],
    ['bools', true, false],
    ['strings', 'on', 'no'],
    ['bytes', Uint8Array.of(1, 2), Uint8Array.of(3, 4)],
    ['strings of 256 bytes', 'a'.repeat(256), 'b'.repeat(256)],
    ['strings of 8,000 bytes', 'a'.repeat(8_000), 'b'.repeat(8_000)],
  ])('takes the third SET of a param with %s', (_, one, other) => {
    const paths = show();
    paths.join({ framing: 'websocket' });
    paths.send(2, { type: 'subscribe', id: 1, pattern: '/a' });
    expect(isDirect(paths, [set(one), set(other), set(one), set(other)])).toBe(true);
  });

  it.each([
    ['events', event],
    ['samples of a stream', stream],
  ])('takes the fourth of equal %s', (_, publish) => {
    const paths = new TwoPaths();
    paths.join({ framing: 'websocket' });
    paths.join();
    expect(isDirect(paths, [1, 2, 3, 4, 5].map(publish), 1)).toBe(true);
  });

  it.each<[string, Partial<Message>]>([
    ['a lock', { lock: true }],
    ['a TTL', { ttl: 5 }],
    ['an expected revision', { revision: 3 }],
  ] as [string, Partial<Message>][])('declines a SET with %s', (_, more) => {
    expect(isDirect(show(), [set(1), set(2), set(3), { ...set(4), ...more } as Message])).toBe(false);
  });

  it('declines a SET of a locked param, and takes it again after the lock', () => {
    const paths = show();
    expect(isDirect(paths, [set(1), set(2), set(3), { ...set(4), lock: true } as Message, set(5)])).toBe(false);
    expect(isDirect(paths, [{ ...set(6), unlock: true } as Message, set(7), set(8)])).toBe(true);
  });

  it('declines a param with a paced recipient', () => {
    const paths = show();
    paths.send(1, { type: 'subscribe', id: 1, pattern: '/**', options: { maxRate: 1 } });
    expect(isDirect(paths, [set(1), set(2), set(3), set(4)])).toBe(false);
  });

  it('declines recipients that get JSON', () => {
    const paths = show();
    paths.join({ framing: 'websocket' }, {}, undefined, 'json');
    paths.send(2, { type: 'subscribe', id: 1, pattern: '/a' });
    expect(isDirect(paths, [set(1), set(2), set(3), set(4)])).toBe(false);
  });

  it('declines values that exceed the limit of the router', () => {
    const paths = show({ maxValueBytes: 4 });
    expect(isDirect(paths, [set(true), set(false), set(true), set(0.5)])).toBe(false);
    expect(isDirect(paths, [set(true)])).toBe(true);
  });

  it('declines params with a history', () => {
    const paths = show({ historyRules: [{ pattern: parsePattern('/a'), depth: 2 }] });
    expect(isDirect(paths, [set(1), set(2), set(3), set(4)])).toBe(false);
  });

  it('declines every message of a router whose hooks check writes', () => {
    expect(isDirect(show({ validateWrite: () => undefined }), [set(1), set(2), set(3), set(4)])).toBe(false);
  });

  it('finds the new recipients after each change of a subscription', () => {
    const paths = show();
    expect(isDirect(paths, [event(1), event(2), event(3), event(4)])).toBe(true);
    paths.send(0, { type: 'subscribe', id: 1, pattern: '/e' });
    paths.join();
    paths.send(2, { type: 'subscribe', id: 1, pattern: '/e' });
    expect(isDirect(paths, [event(5), event(6)])).toBe(true);
    paths.send(1, { type: 'unsubscribe', id: 1 });
    expect(isDirect(paths, [event(7), event(8)])).toBe(true);
  });

  it.each([
    ['samples of a stream, which are dropped', stream],
    ['events, for which the session is closed', event],
  ])('queues %s if a congested session is full', (_, publish) => {
    const paths = new TwoPaths();
    paths.join({ framing: 'websocket' });
    paths.join();
    paths.join({ framing: 'websocket', maxQueueMessages: 3 });
    paths.send(2, { type: 'subscribe', id: 1, pattern: '/e' });
    expect(isDirect(paths, [1, 2, 3, 4].map(publish), 1)).toBe(true);
    paths.both(({ peers }) => {
      peers[2]!.session.phase = 'congested';
    });
    expect(isDirect(paths, [5, 6, 7, 8, 9].map(publish), 1)).toBe(true);
    paths.compareState();
  });
});
