import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  fixedBytes,
  memoryShares,
  recipientCacheBytes,
  sessionBytes,
  worstCase,
  worstCaseBytes,
} from '../../src/router/memory-budget.js';
import { parseRouterOptions } from '../../src/router/options.js';

const page = readFileSync('docs/reference/limits.md', 'utf8');
const from = page.indexOf('\n## Memory');
const section = page.slice(from, page.indexOf('\n## ', from + 1));

/** Returns the cells of the table with this header. */
function table(head: string): readonly (readonly string[])[] {
  const start = section.indexOf(head);
  expect(start).toBeGreaterThan(0);
  const [rows = ''] = section.slice(start).split('\n\n');
  return rows
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

const numberOf = (text = ''): number => Number(text.replaceAll(',', ''));
/** Shares by kind: the part of the budget, and the maximum. */
const shares = new Map(
  table('| Kind | Share').map(([kind = '', part = '', most = '']) => [
    kind,
    { part: 1 / Number(part.split('/')[1]), most: most === '' ? Infinity : numberOf(most) },
  ]),
);
const fixed = new Map(table('| Kind | Bytes').map(([kind = '', bytes]) => [kind, numberOf(bytes)]));
const [, base = '', frame = ''] = /Each session takes ([\d,]+) bytes and ([\d,]+) of a frame/.exec(section) ?? [];

const GIB = 2 ** 30;
const byDefaultOff = new Set(['maxTimelineBytes', 'maxWriteHistoryBytes']);

/** Returns the documented worst case; socket buffers exceed their limit by an eighth. */
function documentedSum(budget: number, sessions: number): number {
  let sum = sessions * (numberOf(base) + numberOf(frame));
  for (const bytes of fixed.values()) sum += bytes;
  for (const [kind, { part, most }] of shares) {
    if (byDefaultOff.has(kind)) continue;
    sum += Math.min(budget * part, most) * (kind === 'maxSendBufferBytes' ? 9 / 8 : 1);
  }
  return sum;
}

describe('the worst case of docs/reference/limits.md', () => {
  it.each([
    [1, 100],
    [2, 1_000],
    [4, 1_000],
  ])('fits a budget of %i GiB with %i sessions', (gibibytes, sessions) => {
    const budget = gibibytes * GIB;
    expect(documentedSum(budget, sessions)).toBeLessThanOrEqual(budget);
    const options = parseRouterOptions({ maxMemoryBytes: budget, maxSessions: sessions });
    expect(worstCaseBytes(options)).toBeCloseTo(documentedSum(budget, sessions), -3);
  });

  it('states the share of every kind, and no other', () => {
    const { 'recipients of addresses': recipients, ...others } = Object.fromEntries(shares);
    expect(others).toEqual(Object.fromEntries(memoryShares));
    for (const budget of [GIB, 8 * GIB]) {
      expect(recipientCacheBytes(budget)).toBe(Math.min(budget * recipients!.part, recipients!.most));
    }
  });

  it('states the memory per session, and the memory independent of options', () => {
    expect([numberOf(base), numberOf(frame)]).toEqual([sessionBytes.base, sessionBytes.unfinishedFrame]);
    expect(Object.fromEntries(fixed)).toEqual(fixedBytes);
  });

  it('has no sum if a kind has no limit', () => {
    const options = parseRouterOptions({ maxMemoryBytes: GIB });
    for (const name of [...memoryShares.keys()].filter((one) => !byDefaultOff.has(one))) {
      expect(worstCaseBytes({ ...options, [name]: 0 })).toBe(Infinity);
    }
    expect(worstCaseBytes({ ...options, maxSessions: 0 })).toBe(Infinity);
    expect(worstCase({ ...options, maxTimelines: 1 }).maxTimelineBytes).toBe(GIB / 64);
  });
});

describe('a limit in bytes', () => {
  it('is that of its own option, whatever the budget is', () => {
    const own = Object.fromEntries([...memoryShares.keys()].map((name, i) => [name, 100_000 + i]));
    expect(parseRouterOptions({ ...own, maxMemoryBytes: GIB })).toMatchObject(own);
  });

  it('is its share of the budget by default', () => {
    const limits = new Map([...memoryShares].map(([name, { part, most }]) => [name, Math.min(GIB * part, most)]));
    expect(parseRouterOptions({ maxMemoryBytes: GIB })).toMatchObject(Object.fromEntries<number>(limits));
  });
});
