import { describe, expect, it } from '@jest/globals';
import { ClockWatch } from '../../src/util/clock-watch.js';
import { PeerDeadlineQueue } from '../../src/util/peer-deadline-queue.js';
import { inputRead, SteadyClock } from '../support/steady-clock.js';

/** A queue of deadlines of 10 s on a watched steady clock, and which peers it judged when. */
function queue() {
  const clock = new SteadyClock();
  ClockWatch.of(clock).acquire();
  const judged: (readonly [peer: string, atMs: number])[] = [];
  const deadlines = new PeerDeadlineQueue<string>(clock, 10_000, (peer) => judged.push([peer, clock.now()]));
  return { clock, judged, deadlines };
}

describe('a queue of peer deadlines', () => {
  it('judges each peer once, when its own time is over', async () => {
    const { clock, judged, deadlines } = queue();
    deadlines.set('a');
    await clock.pass(4_000);
    deadlines.set('b');
    await clock.pass(60_000);
    expect(judged).toEqual([
      ['a', 10_000],
      ['b', 14_000],
    ]);
  });

  it('judges no peer whose deadline was cleared, and a peer with a new deadline at that one only', async () => {
    const { clock, judged, deadlines } = queue();
    for (const peer of ['a', 'b', 'c']) deadlines.set(peer);
    await clock.pass(5_000);
    deadlines.clear('a');
    deadlines.set('b');
    await clock.pass(60_000);
    expect(judged).toEqual([
      ['c', 10_000],
      ['b', 15_000],
    ]);
  });

  it('judges no peer whose input is read in the turns after its deadline', async () => {
    const { clock, judged, deadlines } = queue();
    deadlines.set('heard');
    deadlines.set('silent');
    clock.increment(10_000);
    setImmediate(() =>
      setImmediate(() => {
        deadlines.clear('heard');
      }),
    );
    await inputRead();
    expect(judged).toEqual([['silent', 10_000]]);
  });

  it('gives a deadline that passes during a judgment its own turns of the event loop', async () => {
    const { clock, judged, deadlines } = queue();
    deadlines.set('first');
    clock.increment(1);
    deadlines.set('second');
    clock.increment(9_999);
    await new Promise((resolve) => setImmediate(() => setImmediate(() => setImmediate(resolve))));
    clock.increment(1);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(judged.map(([peer]) => peer)).toEqual(['first']);
    await inputRead();
    expect(judged.map(([peer]) => peer)).toEqual(['first', 'second']);
  });

  it('judges no peer in the grace period after a stall', async () => {
    const { clock, judged, deadlines } = queue();
    deadlines.set('a');
    await clock.pass(1_000);
    clock.stall(20_000);
    await clock.pass(19_999);
    expect(judged).toEqual([]);
    await clock.pass(1);
    expect(judged).toEqual([['a', 41_000]]);
  });

  it('judges a limited number of peers at once, and the others in later turns', async () => {
    const { clock, judged, deadlines } = queue();
    for (let peer = 0; peer < 1_000; peer++) deadlines.set(`${peer}`);
    clock.increment(10_000);
    let largest = 0;
    for (let before = 0; judged.length < 1_000; before = judged.length) {
      await new Promise((resolve) => setImmediate(resolve));
      largest = Math.max(largest, judged.length - before);
    }
    expect(largest).toBeLessThanOrEqual(64);
    expect(judged.map(([peer]) => Number(peer))).toEqual(Array.from({ length: 1_000 }, (_, peer) => peer));
  });

  it('judges no peer after it is stopped, and works again for later ones', async () => {
    const { clock, judged, deadlines } = queue();
    deadlines.set('a');
    await clock.pass(5_000);
    deadlines.stop();
    deadlines.set('b');
    await clock.pass(60_000);
    expect(judged).toEqual([['b', 15_000]]);
  });
});
