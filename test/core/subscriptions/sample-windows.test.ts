import { describe, expect, it } from '@jest/globals';
import { CoreHarness, plain } from '../../support/core-harness.js';
import { joined, heard, valueOf, run } from './paced-peers.js';

describe('window', () => {
  it('collects the samples of a stream into one PUBLISH', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50 });
    const all = run(harness, lamp, {
      ms: 200,
      stepMs: 10,
      send: (i) => desk.publish('/mic', 'stream', i, { rate: 100 }),
    });
    expect(all).toEqual([
      { at: 50, value: [0, 1, 2, 3, 4] },
      { at: 100, value: [5, 6, 7, 8, 9] },
      { at: 150, value: [10, 11, 12, 13, 14] },
      { at: 200, value: [15, 16, 17, 18, 19] },
    ]);
  });

  it('preserves rate, ID, and the time of the first sample', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50 });
    for (const timestamp of [1_000, 2_000]) {
      desk.send({ type: 'publish', address: '/mic', signal: 'stream', samples: [0.1, 0.2], rate: 8, id: 3, timestamp });
    }
    harness.advance(0.05);
    expect(plain(lamp.read())).toEqual([
      {
        type: 'publish',
        address: '/mic',
        signal: 'stream',
        samples: [0.1, 0.2, 0.1, 0.2],
        rate: 8,
        id: 3,
        timestamp: 1_000,
        phase: 'start', // the binary encoding writes this for a missing phase
      },
    ]);
  });

  it('preserves the order of a message that is no sample', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50 });
    for (const value of [1, 2, 'mark', 3n]) desk.publish('/mic', 'stream', value);
    expect(heard(lamp)).toEqual([[1, 2], 'mark']);
    harness.advance(0.05);
    expect(heard(lamp)).toEqual([[3]]);
  });

  it('with maxRate replaces a pending message without samples by later samples: the latest applies, and nothing gets stuck', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50, maxRate: 1 });
    for (const value of ['first', 'waits', 1, 2]) desk.publish('/mic', 'stream', value);
    expect(heard(lamp)).toEqual(['first']);
    harness.advance(1);
    expect(heard(lamp)).toEqual([[1, 2]]);
    lamp.subscribe(2, '/**');
    desk.publish('/mic', 'stream', 'last');
    expect(heard(lamp)).toEqual(['last']);
  });

  it('that has ended sends its samples before further messages', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50, maxRate: 100 });
    desk.publish('/mic', 'stream', 1);
    lamp.subscribe(1, '/mic', { maxRate: 100 });
    desk.publish('/mic', 'stream', 2);
    harness.advance(1);
    expect(heard(lamp)).toEqual([[1], 2]);
  });

  it('with epsilon omits samples that hardly differ from the previous one', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50, epsilon: 1 });
    for (const value of [1, 1.5, 2, 2.9, 0]) desk.publish('/mic', 'stream', value);
    harness.advance(0.05);
    expect(heard(lamp)).toEqual([[1, 2, 0]]);
  });

  it('holds at most the samples of one message', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 4_294_967_295 });
    const samples = Array.from({ length: 1_000 }, (_, i) => i);
    for (let i = 0; i < 9; i++) desk.send({ type: 'publish', address: '/mic', signal: 'stream', samples });
    expect(heard(lamp)).toHaveLength(2); // 4,000 each
    const many = Array.from({ length: 8_000 }, (_, i) => i); // nearly a frame
    desk.send({ type: 'publish', address: '/mic', signal: 'stream', samples: many });
    expect(heard(lamp)).toEqual([samples, many]);
    expect(harness.core.dueMicros).toBeGreaterThan(harness.nowMicros);
  });

  it('sends nothing if all of its samples are within epsilon of the last one sent', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50, epsilon: 1 });
    desk.publish('/mic', 'stream', 5);
    harness.advance(0.05);
    expect(heard(lamp)).toEqual([[5]]);
    for (const value of [5.5, 4.5]) desk.publish('/mic', 'stream', value);
    harness.advance(1);
    expect(heard(lamp)).toEqual([]);
  });

  it('with maxRate is sent when both permit it, and loses no sample', () => {
    const { harness, peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/mic', { window: 50, maxRate: 2 });
    const all = run(harness, lamp, { ms: 1_200, stepMs: 50, send: (i) => desk.publish('/mic', 'stream', i) });
    expect(all.map(({ at }) => at)).toEqual([50, 550, 1_050]);
    expect(all.flatMap(({ value }) => value)).toEqual(Array.from({ length: 21 }, (_, i) => i));
  });

  it('fits the datagrams of a peer that has nothing else', () => {
    const harness = new CoreHarness();
    const [desk, lamp] = [harness.join(), harness.connect({ maxFrameBytes: 300 })];
    lamp.send({ type: 'hello', version: 1, name: 'udp', features: [] });
    lamp.subscribe(1, '/mic', { window: 50 });
    lamp.read();
    for (let i = 0; i < 100; i++) desk.publish('/mic', 'stream', i);
    harness.advance(0.05);
    const frames = lamp.readFrames();
    expect(frames.length).toBeGreaterThan(2);
    for (const { length } of frames) expect(length).toBeLessThanOrEqual(300);
    expect(frames.flatMap(({ message }) => valueOf(message)).flat()).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('does not affect params', () => {
    const { peers } = joined();
    const [desk, lamp] = peers;
    lamp.subscribe(1, '/**', { window: 50 });
    desk.set('/a', 1);
    expect(heard(lamp)).toEqual([1]);
  });
});
