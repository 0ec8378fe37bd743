import { describe, expect, it } from '@jest/globals';
import { FaultyDisk } from '../../support/faulty-disk.js';
import { settled, StoreUnderTest, type StoreTestOptions, violationsOf } from './store-under-test.js';

/** Returns pseudorandom numbers from 0 to 1 for a seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Ended {
  readonly disk: FaultyDisk;
  readonly store: StoreUnderTest;
  readonly hasCrashed: boolean;
}

/** Runs a router that writes and flushes, until the given call of the disk, and ends it there. */
async function runUntil(
  disk: FaultyDisk,
  seed: number,
  crashAt: number,
  options: Partial<StoreTestOptions> = {},
): Promise<Ended> {
  const random = randomOf(seed);
  let after: FaultyDisk | undefined;
  const isPowerCut = random() < 0.7;
  const firstCall = disk.calls;
  disk.disturb = (n) => {
    if (n - firstCall === crashAt) after ??= isPowerCut ? disk.crash(random) : disk.kill();
    return undefined;
  };
  const store: StoreUnderTest = new StoreUnderTest(disk, {
    run: `run ${seed} ${crashAt}`,
    between: () => {
      if (after === undefined && store.hasStarted && random() < 0.5) store.write();
    },
    ...options,
  });
  const hasEnded = (): boolean => after !== undefined; // changes in each await
  const starting = store.start();
  await settled();
  if (!hasEnded()) await starting;
  for (let step = 0; step < 8 && !hasEnded(); step++) {
    for (let count = Math.floor(random() * 4); count >= 0; count--) store.write();
    store.store.flush();
    await settled();
  }
  const hasCrashed = hasEnded();
  return { disk: after ?? disk.kill(), store, hasCrashed };
}

/** Recovers what a run has left. */
function recovered(disk: FaultyDisk): Promise<Awaited<ReturnType<StoreUnderTest['start']>>> {
  return new StoreUnderTest(disk, { run: 'recovery' }).start();
}

describe('the params on disk after a crash', () => {
  it('are those of one instant, not before the last acknowledged cut, at each call of the disk', async () => {
    let calls = 0;
    for (const seed of [1, 2]) {
      for (let crashAt = 1; ; crashAt++) {
        const { disk, store, hasCrashed } = await runUntil(new FaultyDisk(), seed, crashAt);
        const restored = await recovered(disk);
        expect([seed, crashAt, violationsOf(restored, store.acknowledged, store.written)]).toEqual([seed, crashAt, []]);
        if (!hasCrashed) break;
        calls++;
      }
    }
    expect(calls).toBeGreaterThan(120);
  });

  it('are correct after a second crash, also one while the first state is read, and no revision falls', async () => {
    for (let seed = 10; seed < 90; seed++) {
      const random = randomOf(seed * 7);
      let disk = new FaultyDisk();
      const seen = new Map<string, number>();
      let bounds = { least: 0, most: 0 };
      for (let round = 0; round < 4; round++) {
        const ended = await runUntil(disk, seed + 1_000 * round, 1 + Math.floor(random() * 70));
        ({ disk } = ended);
        const { hasStarted, acknowledged, written } = ended.store;
        if (!hasStarted) continue;
        bounds = { least: acknowledged, most: written };
        for (const [address, revision] of ended.store.revisions()) {
          expect([seed, round, address, revision >= (seen.get(address) ?? 0)]).toEqual([seed, round, address, true]);
          // The revisions of a param that was never stored begin again at 1.
          const firstWrite = Number(address.split('/')[2]) || StoreUnderTest.PAIRS;
          if (acknowledged >= firstWrite) seen.set(address, revision);
        }
      }
      const restored = await recovered(disk);
      expect([seed, violationsOf(restored, bounds.least, bounds.most)]).toEqual([seed, []]);
      for (const [address, { revision }] of restored) {
        expect([seed, address, revision >= (seen.get(address) ?? 0)]).toEqual([seed, address, true]);
      }
    }
  });

  it('would be of several instants without copy-before-write', async () => {
    let found = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const { disk, store } = await runUntil(new FaultyDisk(), seed, 20 + seed, { isMutated: true });
      if (violationsOf(await recovered(disk), store.acknowledged, store.written).length > 0) found++;
    }
    expect(found).toBeGreaterThan(5);
  });
});
