import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SendQueue } from '../../../src/core/congestion/send-queue.js';
import { Outbox } from '../../../src/core/delivery/outbox.js';

const slab = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

describe('Outbox', () => {
  it('joins adjacent deliveries into one view of the slab', () => {
    const bytes = slab(100);
    const outbox = new Outbox();
    for (let at = 10; at < 60; at += 10) outbox.push(bytes, at, at + 10);
    const taken = outbox.take(false);
    expect(taken).toEqual(bytes.subarray(10, 60));
    expect(taken.buffer).toBe(bytes.buffer);
    expect(outbox.isEmpty).toBe(true);
    expect(outbox.take(false)).toHaveLength(0);
  });

  it('copies a single range for a slow socket, so that the slab is not kept alive', () => {
    const bytes = slab(10);
    const outbox = new Outbox();
    outbox.push(bytes, 2, 5);
    const taken = outbox.take(true);
    expect(taken).toEqual(Uint8Array.of(2, 3, 4));
    expect(taken.buffer).not.toBe(bytes.buffer);
  });

  it('returns every byte in order, for any layout of ranges', () => {
    const slabs = [slab(256), slab(256).reverse()];
    const range = fc.record({ which: fc.nat(1), start: fc.nat(255), length: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(range), fc.boolean(), (ranges, copy) => {
        const outbox = new Outbox();
        const expected: number[] = [];
        for (const { which, start, length } of ranges) {
          const end = Math.min(256, start + length);
          if (end === start) continue;
          outbox.push(slabs[which]!, start, end);
          expected.push(...slabs[which]!.subarray(start, end));
        }
        expect([...outbox.take(copy)]).toEqual(expected);
        expect(outbox.isEmpty).toBe(true);
      }),
    );
  });
});

describe('SendQueue', () => {
  const make = (maxBytes = 1000, maxMessages = 100): SendQueue => new SendQueue({ maxBytes, maxMessages });
  const text = (one: string): [Uint8Array, number, number] => [new TextEncoder().encode(one), 0, one.length];
  const taken = (backlog: SendQueue, most = Infinity): string => new TextDecoder().decode(backlog.take(most));

  it('keeps the latest value of a param, at the position of that value', () => {
    const backlog = make();
    backlog.push(...text('a=1 '), '/a');
    backlog.push(...text('event '), undefined);
    backlog.push(...text('b=1 '), '/b');
    backlog.push(...text('a=2 '), '/a');
    expect(backlog.conflated).toBe(1);
    expect(backlog.bytes).toBe('event b=1 a=2 '.length);
    expect(taken(backlog)).toBe('event b=1 a=2 ');
    expect(backlog).toMatchObject({ bytes: 0, messages: 0 });
  });

  it('returns whole messages up to a size, and at least one', () => {
    const backlog = make();
    for (const one of ['aaaa', 'bbbb', 'cccc']) backlog.push(...text(one), undefined);
    expect(taken(backlog, 8)).toBe('aaaabbbb');
    expect(taken(backlog, 1)).toBe('cccc');
  });

  it('copies: later changes of the slab have no effect', () => {
    const bytes = slab(4);
    const backlog = make();
    backlog.push(bytes, 0, 4, undefined);
    bytes.fill(9);
    expect([...backlog.take(Infinity)]).toEqual([0, 1, 2, 3]);
  });

  it('reports when it exceeds its limit of bytes or messages, and stays below it permanently by conflation', () => {
    expect(make(10).push(...text('x'.repeat(11)), undefined)).toBe(false);
    const few = make(1000, 2);
    expect([1, 2, 3].map(() => few.push(...text('x'), undefined))).toEqual([true, true, false]);
    const params = make(10);
    for (let i = 0; i < 1000; i++) expect(params.push(...text('0123456789'), '/a')).toBe(true);
  });
});
