import { describe, expect, it } from '@jest/globals';
import { openFilesOfProcess, watchOpenFiles } from '../../src/cli/open-files.js';
import { silentLogger } from '../../src/core/ports.js';
import { SteadyClock } from '../support/steady-clock.js';

function watch(limit: number | undefined, maxSessions: number, count: () => Promise<number>) {
  const lines: string[] = [];
  const clock = new SteadyClock();
  const logger = {
    ...silentLogger,
    warn: (_: object, message: string) => void lines.push(`warn: ${message}`),
    error: (_: object, message: string) => void lines.push(`error: ${message}`),
  };
  watchOpenFiles({ limit, count }, maxSessions, clock, logger);
  return { lines, clock };
}

const reached =
  'error: all 100 open files are in use: the system closes new connections; raise the limit with ulimit -n';
const full = Object.assign(new Error('too many open files'), { code: 'EMFILE' });

describe('the limit of open files', () => {
  it.each([
    [100, 50, ['warn: the system allows 100 open files, too few for 50 sessions; raise the limit with ulimit -n']],
    [100, 36, []],
    [undefined, 1_000, []],
  ])('of %s causes a warning at the start if %d sessions do not fit', (limit, maxSessions, lines) => {
    expect(watch(limit, maxSessions, () => Promise.resolve(0)).lines).toEqual(lines);
  });

  it.each<[string, () => Promise<number>]>([
    ['the descriptors are counted', () => Promise.resolve(97)],
    ['no descriptor is left for counting them', () => Promise.reject(full)],
  ])('is logged once per minute while it is reached, if %s', async (_, count) => {
    const { lines, clock } = watch(100, 0, count);
    await clock.pass(50_000);
    expect(lines).toEqual([reached]);
    await clock.pass(30_000);
    expect(lines).toEqual([reached, reached]);
  });

  it('is not logged while descriptors are left, nor where they cannot be counted', async () => {
    const left = watch(100, 0, () => Promise.resolve(90));
    const unknown = watch(100, 0, () => Promise.reject(Object.assign(new Error('no such folder'), { code: 'ENOENT' })));
    await left.clock.pass(10_000);
    await unknown.clock.pass(10_000);
    expect([...left.lines, ...unknown.lines]).toEqual([]);
  });

  const onPosix = process.platform === 'win32' ? it.skip : it;
  onPosix('and the number of descriptors are those of the process', async () => {
    const { limit, count } = openFilesOfProcess();
    expect(limit).toBeGreaterThan(10);
    expect(await count()).toBeGreaterThan(2);
  });
});
