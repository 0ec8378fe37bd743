import { describe, expect, it } from '@jest/globals';
import { SendQueue } from '../../../src/core/congestion/send-queue.js';

describe('SendQueue', () => {
  const make = (maxBytes = 1000, maxMessages = 100): SendQueue => new SendQueue({ maxBytes, maxMessages });
  const text = (one: string): Uint8Array => new TextEncoder().encode(one);
  const taken = (queue: SendQueue, most = Infinity): string => new TextDecoder().decode(queue.take(most));

  it('keeps the latest value of a param, at the position of that value', () => {
    const queue = make();
    queue.push(text('a=1 '), 'latest', '/a');
    queue.push(text('event '), 'keep', '/e');
    queue.push(text('b=1 '), 'latest', '/b');
    queue.push(text('a=2 '), 'latest', '/a');
    expect(queue.conflated).toBe(1);
    expect(queue.bytes).toBe('event b=1 a=2 '.length);
    expect(taken(queue)).toBe('event b=1 a=2 ');
    expect(queue).toMatchObject({ bytes: 0, messages: 0 });
  });

  it('returns whole messages up to a size, and at least one', () => {
    const queue = make();
    for (const one of ['aaaa', 'bbbb', 'cccc']) queue.push(text(one), 'keep', '/e');
    expect(taken(queue, 8)).toBe('aaaabbbb');
    expect(taken(queue, 1)).toBe('cccc');
  });

  it('reports when it exceeds its limit of bytes or messages, and stays below it permanently by conflation', () => {
    expect(make(10).push(text('x'.repeat(11)), 'keep', '/e')).toBe(false);
    const few = make(1000, 2);
    expect([1, 2, 3].map(() => few.push(text('x'), 'keep', '/e'))).toEqual([true, true, false]);
    const params = make(10);
    for (let i = 0; i < 1000; i++) expect(params.push(text('0123456789'), 'latest', '/a')).toBe(true);
  });

  it('drops the oldest droppable message at a limit, and nothing else', () => {
    const queue = make(1000, 3);
    queue.push(text('event '), 'keep', '/e');
    queue.push(text('s1 '), 'droppable', '/s');
    queue.push(text('s2 '), 'droppable', '/s');
    expect(queue.push(text('a=1 '), 'latest', '/a')).toBe(true);
    expect(queue).toMatchObject({ messages: 3, droppable: 1, dropped: 1 });
    expect(taken(queue)).toBe('event s2 a=1 ');
    expect(queue).toMatchObject({ messages: 0, droppable: 0 });
  });
});
