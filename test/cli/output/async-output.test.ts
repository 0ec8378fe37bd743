import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import { AsyncOutput } from '../../../src/cli/output/async-output.js';
import { turns } from '../../support/inbox.js';
import { StuckReader } from '../../support/stuck-reader.js';

function stuckOutput(maxWaitingBytes = 100): {
  readonly output: AsyncOutput;
  readonly reader: StuckReader;
  readonly clock: SimulatedClock;
  readonly drops: number[];
} {
  const [reader, clock, drops] = [new StuckReader(), new SimulatedClock(), [] as number[]];
  const output = new AsyncOutput(reader, { maxWaitingBytes, clock });
  output.onDropped = (count) => drops.push(count);
  return { output, reader, clock, drops };
}

async function isPending(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => false), turns().then(() => true)]);
}

/** Ten bytes. */
const line = (digit: number): string => `line no. ${digit}`;

describe('an output with an interval for offered texts', () => {
  const start = () => {
    const [reader, clock] = [new StuckReader(), new SimulatedClock()];
    const output = new AsyncOutput(reader, { clock, offerIntervalMs: 20 });
    output.offer('a');
    reader.takeAll();
    return { reader, clock, output };
  };

  it('writes the first text at once, and those that follow within the interval together', () => {
    const { reader, clock, output } = start();
    expect(reader.chunks).toEqual(['a']);
    for (const text of ['b', 'c']) output.offer(text);
    clock.increment(19);
    expect(reader.chunks).toEqual(['a']);
    output.offer('d');
    clock.increment(1);
    expect(reader.chunks).toEqual(['a', 'bcd']);
  });

  it('writes a text after the interval at once', () => {
    const { reader, clock, output } = start();
    clock.increment(20);
    output.offer('b');
    expect(reader.chunks).toEqual(['a', 'b']);
  });

  it('writes waiting texts before one that was not offered, and at once', () => {
    const { reader, output } = start();
    output.offer('b');
    output.write('c');
    expect(reader.chunks).toEqual(['a', 'bc']);
  });

  it('writes waiting texts at once when it is flushed', async () => {
    const { reader, output } = start();
    output.offer('b');
    const flushed = output.flush(1_000);
    expect(reader.chunks).toEqual(['a', 'b']);
    reader.takeAll();
    await flushed;
  });

  it('does not wait when there is enough for one write', () => {
    const { reader, output } = start();
    output.offer('b'.repeat(65_536));
    expect(reader.chunks).toHaveLength(2);
  });
});

describe('an output whose reader is stuck', () => {
  it('writes one chunk at a time, and everything in order', () => {
    const { output, reader } = stuckOutput();
    for (const text of ['a', 'b', 'c']) output.write(text);
    expect(reader.chunks).toEqual(['a']);
    reader.takeAll();
    expect(reader.chunks).toEqual(['a', 'bc']);
  });

  it('keeps the lines that fit, drops and counts the others, and reports them when half of the capacity is free', () => {
    const { output, reader, drops } = stuckOutput();
    output.onDropped = (count) => {
      drops.push(count);
      output.offer(`${count} dropped`);
    };
    for (let i = 0; i < 10; i++) output.offer(line(i));
    for (let i = 0; i < 7; i++) output.offer('lost');
    reader.take(); // one line: 10 bytes are free, which is less than half
    output.offer('lost'); // although it fits
    expect(drops).toEqual([]);
    reader.takeAll();
    output.offer('after');
    reader.takeAll();
    expect(drops).toEqual([8]);
    expect(reader.chunks.join('|')).toBe(
      `${line(0)}|${Array.from({ length: 9 }, (_, i) => line(i + 1)).join('')}|8 dropped|after`,
    );
  });

  it('counts the bytes of a text, not its characters', () => {
    const { output, reader, drops } = stuckOutput(10);
    output.offer('ääää'); // 8 bytes
    output.offer('abc');
    reader.takeAll();
    expect(reader.chunks).toEqual(['ääää']);
    expect(drops).toEqual([1]);
  });

  it('accepts a text passed to write() regardless of the limit', () => {
    const { output, reader, drops } = stuckOutput(10);
    output.write(line(0));
    output.write(line(1));
    reader.takeAll();
    expect([reader.chunks, drops]).toEqual([[line(0), line(1)], []]);
  });

  it('makes a caller wait until at most 64 KiB remain, or until the caller stops waiting', async () => {
    const { output, reader } = stuckOutput();
    expect(output.drained()).toBeUndefined();
    output.write('x'.repeat(65_537));
    const [first, second] = [output.drained(), output.drained()];
    expect(await isPending(first!)).toBe(true);
    reader.take();
    await Promise.all([first, second]);
    output.write('x'.repeat(65_537));
    const third = output.drained();
    output.stopWaiting();
    await third;
  });

  it('is flushed when the reader has read everything, or when the time has passed', async () => {
    const { output, reader, clock } = stuckOutput();
    await output.flush(1_000);
    output.write('a');
    output.write('b');
    const flushed = output.flush(1_000);
    reader.take();
    expect(await isPending(flushed)).toBe(true);
    reader.take();
    await flushed;
    output.write('c');
    const late = output.flush(1_000);
    clock.increment(999);
    expect(await isPending(late)).toBe(true);
    clock.increment(1);
    await late;
  });

  it('states whether a thread is blocked in its write', () => {
    const { output, reader } = stuckOutput();
    expect(output.isBlocking).toBe(false);
    output.write('a');
    expect(output.isBlocking).toBe(true);
    reader.fail('EAGAIN');
    expect(output.isBlocking).toBe(false);
  });
});

describe('an output that cannot be written', () => {
  it.each(['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED'])(
    'accepts all texts and writes nothing after %s',
    async (code) => {
      const { output, reader, drops } = stuckOutput();
      const failures: unknown[] = [];
      output.onFailure = (error) => failures.push(error.code);
      for (const text of ['a', 'b']) output.write(text);
      const flushed = output.flush(1_000);
      reader.fail(code);
      await flushed;
      output.write('c');
      for (let i = 0; i < 20; i++) output.offer(line(i % 10));
      await turns();
      expect([reader.chunks, failures, drops, output.drained()]).toEqual([['a'], [code], [], undefined]);
    },
  );

  it.each([
    ['EAGAIN', 50, []],
    ['ENOSPC', 1_000, ['ENOSPC']],
  ])('retries the rest of a chunk after %s, in %d ms', (code, milliseconds, failures) => {
    const { output, reader, clock } = stuckOutput();
    const seen: unknown[] = [];
    output.onFailure = (error) => seen.push(error.code);
    output.write('abc');
    output.write('d');
    reader.fail(code, 1);
    clock.increment(milliseconds - 1);
    expect(reader.chunks).toEqual(['abc']);
    clock.increment(1);
    reader.takeAll();
    expect([reader.chunks, seen]).toEqual([['abc', 'bc', 'd'], failures]);
  });
});
