import { describe, expect, it } from '@jest/globals';
import { Deframer, logBatch, walkBatch } from '../../bench/multi-core/log-batch.mjs';
import { connectsOn, leaderLoad, sessionsOn } from '../../bench/multi-core/model.mjs';

describe('a batch of the link between leader and edge', () => {
  it('is whole after any cut of the stream', () => {
    const stream = Buffer.concat([logBatch(3), logBatch(0), logBatch(2)]);
    for (let cut = 1; cut < stream.length; cut++) {
      const deframer = new Deframer();
      const batches = [...deframer.push(stream.subarray(0, cut)), ...deframer.push(stream.subarray(cut))];
      expect(batches.map(walkBatch)).toEqual([3, 0, 2]);
    }
  });

  it('is refused if its records do not end at its end', () => {
    expect(() => walkBatch(logBatch(2).subarray(0, -1))).toThrow('whose records end at');
  });
});

describe('the model of several cores', () => {
  const costs = { batch: 10, build: 0.01, send: 0.01, receive: 0.01, apply: 0.1, read: 4, write: 8, connect: 200 };
  const show = { setsPerSecond: 1000, writesPerSession: 20, batchesPerSecond: 1000 };

  it('gives one process the sessions that fill 80 % of a core', () => {
    expect(sessionsOn(1, costs, show)).toBe((800_000 - 4 * 1000) / (20 * 8));
  });

  it('gives two cores fewer sessions than one, because the leader serves none', () => {
    expect(sessionsOn(2, costs, show)).toBeLessThan(sessionsOn(1, costs, show));
    expect(sessionsOn(4, costs, show)).toBeGreaterThan(2.9 * sessionsOn(1, costs, show));
  });

  it('gives no sessions if the leader is full', () => {
    expect(sessionsOn(8, costs, { ...show, setsPerSecond: 10e6 })).toBe(0);
  });

  it('charges the leader for each edge and each SET', () => {
    expect(leaderLoad(3, costs, { setsPerSecond: 1000, batchesPerSecond: 100 })).toBeCloseTo(
      (3 * 100 * 10 + 1000 * (0.01 + 0.1 + 0.01 + 3 * 0.01)) / 1e6,
    );
  });

  it('multiplies connects by the edges', () => {
    expect(connectsOn(1, costs)).toBe(4000);
    expect(connectsOn(4, costs)).toBeCloseTo(12_000);
  });
});
