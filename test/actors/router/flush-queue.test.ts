import { describe, expect, it } from '@jest/globals';
import { FlushQueue } from '../../../src/actors/router/flush-queue.js';
import type { RouterSession } from '../../../src/core/session.js';
import { CoreHarness } from '../../support/core-harness.js';

const harness = new CoreHarness();
const LARGE = 10_000;
const WHOLE = 150_000;
/** Four of these exceed the share of a turn. */
const HUGE = 1_100_000;

function setUp() {
  const written: string[] = [];
  const failed: string[] = [];
  const queue = new FlushQueue({
    flush: (session) => {
      if (session.name === 'broken') throw new Error('the socket is gone');
      if (session.outbox.take(false).length > 0) written.push(session.name);
    },
    failed: ({ name }) => void failed.push(name),
  });
  return { queue, written, failed };
}

function sessionWith(bytes: number, name: string): RouterSession {
  const { session } = harness.connect();
  session.name = name;
  push(session, bytes);
  return session;
}

function push({ outbox }: RouterSession, bytes: number): void {
  outbox.push(new Uint8Array(bytes), 0, bytes);
}

const many = (count: number, bytes: number, prefix: string): RouterSession[] =>
  Array.from({ length: count }, (_, i) => sessionWith(bytes, `${prefix}${i}`));

describe('FlushQueue', () => {
  it('writes large output in slices of 4 MiB', () => {
    const { queue, written } = setUp();
    queue.add(many(10, HUGE, 'x'));
    const counts = [];
    do {
      queue.run(true, false);
      counts.push(written.length);
    } while (queue.isBehind);
    expect(counts).toEqual([4, 8, 10]);
    expect(queue.size).toBe(0);
  });

  it('counts each write of larger output as 8 KiB more', () => {
    const { queue, written } = setUp();
    queue.add(many(400, 5_000, 'x'));
    queue.run(true, false);
    expect(written).toHaveLength(Math.ceil(4_194_304 / (5_000 + 8_192)));
  });

  it('writes large output only once per turn of the event loop', () => {
    const { queue, written } = setUp();
    queue.add(many(10, HUGE, 'x'));
    queue.run(true, false);
    queue.run(false, false);
    expect(written).toHaveLength(4);
  });

  it('writes small output of other sessions first, also if it was added later', () => {
    const { queue, written } = setUp();
    queue.add(many(10, HUGE, 'x'));
    queue.run(true, false);
    queue.add([sessionWith(50, 'small')]);
    queue.run(false, false);
    expect(written.at(-1)).toBe('small');
    expect(written).toHaveLength(5);
  });

  it('continues small output of more than 256 sessions in the next turn', () => {
    const { queue, written } = setUp();
    queue.add(many(300, 50, 's'));
    queue.run(true, false);
    expect(written).toHaveLength(256);
    expect(queue.isBehind).toBe(true);
    queue.run(true, false);
    expect(written).toHaveLength(300);
    expect(queue.isBehind).toBe(false);
  });

  it('lets output grow to 128 KiB while the rest of its input waits, for at most 12 turns', () => {
    const { queue, written } = setUp();
    const [growing, staying] = [sessionWith(LARGE, 'growing'), sessionWith(LARGE, 'staying')];
    queue.add([growing, staying]);
    queue.run(true, true);
    expect(written).toEqual([]);
    expect(queue.isBehind).toBe(false);
    push(growing, WHOLE);
    queue.run(true, true);
    expect(written).toEqual(['growing']);
    for (let turn = 3; turn <= 12; turn++) queue.run(true, true);
    expect(written).toEqual(['growing']);
    queue.run(true, true);
    expect(written).toEqual(['growing', 'staying']);
  });

  it('writes all output when no input waits', () => {
    const { queue, written } = setUp();
    queue.add(many(2, LARGE, 'x'));
    queue.run(true, true);
    queue.run(true, false);
    expect(written).toEqual(['x0', 'x1']);
  });

  it('reports a write that throws, and continues with the others', () => {
    const { queue, written, failed } = setUp();
    queue.add([sessionWith(50, 'a'), sessionWith(50, 'broken'), sessionWith(50, 'b')]);
    queue.run(true, false);
    expect(failed).toEqual(['broken']);
    expect(written).toEqual(['a', 'b']);
  });
});
