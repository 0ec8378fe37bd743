import { describe, expect, it } from '@jest/globals';
import { createActor, SimulatedClock } from 'xstate';
import { storeMachine } from '../../../src/journal/params/store-machine.js';
import { type DiskCall, type Fault, FaultyDisk } from '../../support/faulty-disk.js';
import { FOLDER, settled, StoreUnderTest, violationsOf } from './store-under-test.js';

/** A store that has written some pairs. */
async function running(disk = new FaultyDisk()): Promise<StoreUnderTest> {
  const store = new StoreUnderTest(disk, { run: 'first' });
  await store.start();
  await settled();
  for (let i = 0; i < 9; i++) store.write();
  store.store.flush();
  await settled();
  expect(store.acknowledged).toBe(9);
  return store;
}

/** Returns the restored params after the end of the process. */
async function restoredFrom(disk: FaultyDisk): ReturnType<StoreUnderTest['start']> {
  return new StoreUnderTest(disk.kill(), { run: 'second' }).start();
}

/** Disturbs the next call of a kind. */
function disturbNext(disk: FaultyDisk, kind: DiskCall, fault: Fault): void {
  disk.disturb = (_, call) => {
    if (call !== kind) return undefined;
    disk.disturb = () => undefined;
    return fault;
  };
}

describe('a params store whose disk fails', () => {
  const faults: readonly (readonly [string, DiskCall, Fault, string])[] = [
    ['takes a part of a write', 'append', 'short', 'the disk is full (ENOSPC)'],
    ['is full', 'append', { code: 'ENOSPC' }, 'the disk is full (ENOSPC)'],
    ['reaches the file size limit', 'append', { code: 'EFBIG' }, 'the file size limit is reached (EFBIG)'],
    ['reaches the quota', 'append', { code: 'EDQUOT' }, 'the disk quota is used up (EDQUOT)'],
    ['reports an error while it writes', 'append', { code: 'EIO' }, 'the disk reports an error (EIO)'],
    ['fails a sync once', 'sync', { code: 'EIO' }, 'the disk reports an error (EIO)'],
    ['is read-only', 'append', { code: 'EROFS' }, 'the disk is read-only (EROFS)'],
    ['is not accessible', 'append', { code: 'EACCES' }, 'the folder is not accessible (EACCES)'],
  ];

  it.each(faults)(
    'reports it and writes a whole generation from memory, if the disk %s',
    async (_, call, fault, reason) => {
      const disk = new FaultyDisk();
      const store = await running(disk);
      const before = disk.paths;
      store.write();
      disturbNext(disk, call, fault);
      store.store.flush();
      await settled();
      expect([store.store.status, store.failures, store.acknowledged]).toEqual(['retrying', [reason], 9]);
      store.write(); // while nothing is stored
      await store.store.recover();
      await settled();
      expect(store.store.status).toBe('ready');
      expect(disk.paths.filter((path) => before.includes(path))).toEqual([]); // the failed file is not used again
      store.write();
      store.store.flush();
      await settled();
      expect(store.acknowledged).toBe(12);
      expect(violationsOf(await restoredFrom(disk), 12, 12)).toEqual([]);
    },
  );

  it('recovers when the folder has vanished', async () => {
    const disk = new FaultyDisk();
    const store = await running(disk);
    store.advance(2);
    store.write();
    disturbNext(disk, 'freeBytes', { code: 'ENOENT' });
    store.store.flush();
    await settled();
    expect(store.failures).toEqual(['the folder does not exist (ENOENT)']);
    await store.store.recover();
    expect(violationsOf(await restoredFrom(disk), 10, 10)).toEqual([]);
  });

  it('rejects each attempt to recover that fails, and closes the failed file before the next one', async () => {
    const disk = new FaultyDisk();
    const store = await running(disk);
    const calls: DiskCall[] = [];
    store.write();
    disk.disturb = (_, call) => {
      calls.push(call);
      return call === 'append' ? { code: 'ENOSPC' } : undefined;
    };
    store.store.flush();
    await settled();
    await expect(store.store.recover()).rejects.toMatchObject({ code: 'ENOSPC' });
    await settled();
    expect(calls.indexOf('close')).toBeLessThan(calls.lastIndexOf('create'));
    expect(disk.paths.filter((path) => path.endsWith('.base'))).toHaveLength(1); // that of the first generation
    disk.disturb = () => undefined;
    await store.store.recover();
    expect(violationsOf(await restoredFrom(disk), 10, 10)).toEqual([]);
  });

  it('stays consistent whatever single call fails, and acknowledges nothing that is not stored', async () => {
    for (let failing = 1; failing < 60; failing++) {
      const disk = new FaultyDisk();
      disk.disturb = (n) => (n === failing ? { code: 'EIO' } : undefined);
      const store = new StoreUnderTest(disk, { run: 'first' });
      await store.start().catch(() => store.store.begin());
      for (let i = 0; i < 20; i++) {
        store.write();
        store.store.flush();
        await settled();
        if (store.store.status === 'retrying') await store.store.recover().catch(() => undefined);
      }
      await settled();
      const restored = await restoredFrom(disk);
      expect([failing, violationsOf(restored, store.acknowledged, store.written)]).toEqual([failing, []]);
      expect(store.acknowledged).toBe(20);
    }
  });

  it('starts although its folder cannot be created, and stores all when it can', async () => {
    const disk = new FaultyDisk();
    disk.disturb = () => ({ code: 'EROFS' });
    const store = new StoreUnderTest(disk, { run: 'first' });
    await expect(store.start()).rejects.toMatchObject({ code: 'EROFS' });
    await store.store.begin();
    expect(store.store.status).toBe('retrying');
    store.write();
    disk.disturb = () => undefined;
    await store.store.recover();
    expect(violationsOf(await restoredFrom(disk), 1, 1)).toEqual([]);
  });
});

describe('a params store whose disk hangs', () => {
  it('collects each param once, and stores the last values when the disk answers again', async () => {
    const disk = new FaultyDisk();
    const store = await running(disk);
    store.write();
    disturbNext(disk, 'sync', 'hang');
    store.store.flush();
    await settled();
    for (let i = 0; i < 500; i++) store.write();
    store.store.flush();
    await settled();
    expect([store.store.status, store.acknowledged, store.dirty.size]).toEqual(['ready', 9, 14]);
    disk.release();
    await settled();
    expect(store.acknowledged).toBe(510);
    expect(violationsOf(await restoredFrom(disk), 510, 510)).toEqual([]);
  });

  it('drops removed params beyond a limit, and then writes a whole base', async () => {
    const disk = new FaultyDisk();
    const store = await running(disk);
    store.write();
    disturbNext(disk, 'sync', 'hang');
    store.store.flush();
    await settled();
    for (let i = 0; i < 140_000; i++) {
      store.set(`/short/${i}`, 1, 1);
      if (i % 1_000 === 999) store.harness.advance(2);
    }
    expect(store.dirty.size).toBeLessThan(140_000);
    store.store.flush();
    disk.release();
    await settled();
    expect(store.store.status).toBe('retrying');
    await store.store.recover();
    const restored = await restoredFrom(disk);
    expect([...restored.keys()].filter((address) => address.startsWith('/short'))).toEqual([]);
    expect(violationsOf(restored, 10, 10)).toEqual([]);
  });
});

describe('the machine of a params store', () => {
  it('retries after 1 s, 2 s, 4 s and so on, at most 60 s, until the store has recovered', async () => {
    const clock = new SimulatedClock();
    const attempts: number[] = [];
    let isBroken = true;
    const store = {
      recover: () => {
        attempts.push(clock.now() / 1_000);
        return isBroken ? Promise.reject(new Error('disk full')) : Promise.resolve();
      },
    };
    const actor = createActor(storeMachine, { input: { store }, clock }).start();
    actor.send({ type: 'store.opened' });
    expect(actor.getSnapshot().value).toBe('ready');
    actor.send({ type: 'store.failed', reason: 'disk full' });
    for (let second = 0; second < 190; second++) {
      clock.increment(1_000);
      await settled();
    }
    expect(attempts).toEqual([1, 3, 7, 15, 31, 63, 123, 183]);
    expect(actor.getSnapshot()).toMatchObject({ value: { retrying: 'waiting' }, context: { reason: 'disk full' } });
    isBroken = false;
    clock.increment(60_000);
    await settled();
    expect(actor.getSnapshot()).toMatchObject({ value: 'ready', context: { attempts: 0, reason: undefined } });
    actor.send({ type: 'store.closed' });
    expect(actor.getSnapshot().status).toBe('done');
  });
});

describe('the files of a params store', () => {
  it('are moved to states at the next start, of which the last three are kept', async () => {
    let disk = new FaultyDisk();
    for (let start = 0; start < 6; start++) {
      const store = new StoreUnderTest(disk, { run: `run ${start}` });
      store.harness.nowMicros += start * 3_600_000_000;
      await store.start();
      store.write();
      store.store.flush();
      await settled();
      await store.store.close();
      disk = disk.kill();
    }
    const states = new Set(
      disk.paths.filter((path) => path.startsWith(`${FOLDER}/states/`)).map((path) => path.slice(0, 38)),
    );
    expect([...states]).toHaveLength(3);
    expect(disk.paths.filter((path) => path.startsWith(`${FOLDER}/params/`))).toHaveLength(2);
  });

  it('are moved to damaged if a byte has flipped in the middle, and every other cut is restored', async () => {
    const disk = new FaultyDisk();
    const store = await running(disk);
    store.write();
    store.store.flush();
    await settled();
    const tail = disk.paths.find((path) => path.endsWith('.tail'))!;
    const base = disk.paths.find((path) => path.endsWith('.base'))!;
    for (const path of [tail, base]) {
      const bytes = Uint8Array.from(disk.contentOf(path));
      bytes[90]! ^= 4; // in the first block
      disk.put(path, bytes);
    }
    const next = new StoreUnderTest(disk.kill(), { run: 'second' });
    await next.start();
    await settled();
    next.store.flush();
    await settled();
    expect(next.disk.paths.filter((path) => path.startsWith(`${FOLDER}/damaged/`))).not.toEqual([]);
  });
});

describe('the time to live of a stored param', () => {
  /** Seconds until `/short` expires after a restart; its time to live is 100 s, of which 10 s have passed. */
  async function remaining(offSeconds: number): Promise<number> {
    const store = await running();
    store.set('/short', 1, 100);
    store.harness.advance(10);
    store.set('/other', 1);
    store.store.flush();
    await settled();
    const wallMicros = store.harness.nowMicros + offSeconds * 1_000_000;
    const next = new StoreUnderTest(store.disk.kill(), { run: 'second', wallMicros: () => wallMicros });
    await next.start();
    let seconds = 0;
    const has = (): boolean => next.harness.core.state().params.some(({ address }) => address === '/short');
    for (; has() && seconds < 1_000; seconds++) next.harness.advance(1);
    return seconds;
  }

  it('counts the time while the router was off', async () => {
    await expect(remaining(30)).resolves.toBe(60);
    await expect(remaining(95)).resolves.toBe(0);
  });

  it('does not count it if the clock at the start is before the last stored time', async () => {
    await expect(remaining(-3_600)).resolves.toBe(90);
  });
});
