import { describe, expect, it } from '@jest/globals';
import { memoryWarning } from '../../src/router/memory-budget.js';
import { parseRouterOptions } from '../../src/router/options.js';

const MIB = 1_048_576;
const warningFor = (mebibytes: number, maxSessions: number): string | undefined =>
  memoryWarning(parseRouterOptions({ maxMemoryBytes: mebibytes * MIB, maxSessions }));

describe('the warning about a small memory budget', () => {
  it('states the budget, the worst case and the options if the caches of fixed size do not fit', () => {
    const warning = warningFor(256, 100);
    expect(warning).toMatch(/^maxMemoryBytes is 268435456, but clients can make the router keep \d+ bytes: /);
    expect(warning).toContain('--max-memory-bytes');
    expect(warning).toContain('--max-sessions');
  });

  it('is absent from 1 GiB on', () => {
    expect(warningFor(1_024, 1_000)).toBeUndefined();
    expect(warningFor(1_023, 1_000)).toBeDefined();
  });

  it('is absent if the limits fit a small budget', () => {
    const options = parseRouterOptions({ maxMemoryBytes: 512 * MIB, maxSessions: 100, maxParamBytes: 100 * MIB });
    expect(memoryWarning(options)).toBeUndefined();
  });

  it('is absent if a limit is lifted on purpose', () => {
    expect(warningFor(256, 0)).toBeUndefined();
  });
});
