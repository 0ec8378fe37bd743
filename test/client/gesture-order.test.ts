import { describe, expect, it } from '@jest/globals';
import { GestureOrder, mayBeLost } from '../../src/client/gesture-order.js';
import type { GesturePhase } from '../../src/protocol/enumerations.js';
import type { PublishMessage } from '../../src/protocol/messages/message.js';
import { SteadyClock } from '../support/steady-clock.js';

function step(phase: GesturePhase | undefined, timestamp?: number, id = 1): PublishMessage {
  return { type: 'publish', signal: 'gesture', address: '/pad', id, phase, timestamp };
}

/** Returns the numbers of the steps that are delivered. */
function taken(steps: readonly PublishMessage[], hasDatagrams = true): number[] {
  const order = new GestureOrder(new SteadyClock());
  return steps.flatMap((message, i) => (order.takes(message, hasDatagrams) ? [i] : []));
}

describe('gestures whose moves can be overtaken', () => {
  it('have moves only between their start and end', () => {
    expect(taken([step('move'), step('start'), step('move'), step('end'), step('move')])).toEqual([1, 2, 3]);
    expect(taken([step(undefined), step('move'), step('cancel'), step('move')])).toEqual([0, 1, 2]);
    expect(taken([step('start'), step('move', undefined, 2)])).toEqual([0]);
  });

  it('have no moves older than a received one, or than their start', () => {
    expect(taken([step('start', 10), step('move', 12), step('move', 11), step('move', 12)])).toEqual([0, 1, 3]);
    expect(taken([step('start', 10), step('end', 15), step('start', 20), step('move', 12)])).toEqual([0, 1, 2]);
  });

  it('continue while at least one of their players does, each with its own clock', () => {
    const two = [step('start', 5), step('start', 1_000), step('move', 2_000), step('move', 6)];
    expect(taken([...two, step('end', 2_001), step('move', 7), step('end', 8), step('move', 9)])).toEqual([
      0, 1, 2, 3, 4, 5, 6,
    ]);
  });

  it('are not filtered without reordering, and are tracked when reordering starts', () => {
    expect(taken([step('move'), step('end'), step('move', 5), step('move', 4)], false)).toEqual([0, 1, 2, 3]);
    const order = new GestureOrder(new SteadyClock());
    order.takes(step('start'), false);
    expect(order.takes(step('move'), true)).toBe(true);
  });

  it('are dropped, oldest first, if a router invents too many', () => {
    const order = new GestureOrder(new SteadyClock());
    for (let id = 0; id < 1_025; id++) order.takes(step('start', undefined, id), true);
    expect([0, 1, 1_024].map((id) => order.takes(step('move', undefined, id), true))).toEqual([false, true, true]);
  });

  it('are sent with increasing times, unless they have a time', () => {
    const clock = new SteadyClock();
    const order = new GestureOrder(clock);
    clock.increment(2);
    const times = [step('start'), step('move'), step('end', 7)].map((message) => order.timed(message).timestamp);
    expect(times).toEqual([2_000, 2_001, 7]);
    expect(order.timed({ type: 'ping' })).toEqual({ type: 'ping' });
    const event = { type: 'publish', signal: 'event', address: '/a' } as const;
    expect(order.timed(event)).toBe(event);
  });
});

it.each([
  [{ type: 'publish', signal: 'stream', address: '/a' }, true],
  [step('move'), true],
  [step('start'), false],
  [step('end'), false],
  [{ type: 'publish', signal: 'event', address: '/a' }, false],
  [{ type: 'ping' }, false],
] as const)('as messages that are useless if late: %j is one: %p', (message, expected) => {
  expect(mayBeLost(message)).toBe(expected);
});
