import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '../../src/health/metrics.js';
import { routerMetrics } from '../../src/health/metric-table.js';
import { processMetrics } from '../../src/health/metrics.js';
import { parseExposition } from './exposition.js';
import { figures } from './figures.js';

const page = readFileSync(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `(\w+)` \| (\w+) \| (\S+) \| (.*?) ?\| (.+?) \|$/gm)].map(
  ([, name = '', type = '', unit = '', labels = '', meaning = '']) => {
    return { name, type, unit, labels: labels.replaceAll('`', ''), meaning };
  },
);

describe('docs/reference/metrics.md', () => {
  it('lists every metric of the router, and no other, in order', () => {
    const own = rows.filter(({ name }) => name.startsWith('clasp_'));
    expect(own.map(({ name, type, labels, meaning }) => ({ name, type, labels, meaning }))).toEqual(
      routerMetrics.map((metric) => {
        const { name, type, help } = metric;
        return { name, type, labels: 'label' in metric ? metric.label : '', meaning: help };
      }),
    );
  });

  it('lists every metric of the process, and no other', async () => {
    const shown = parseExposition(await processMetrics().metrics());
    const listed = rows.filter(({ name }) => !name.startsWith('clasp_'));
    const here = listed.filter(({ meaning }) => process.platform === 'linux' || !meaning.includes('Linux only'));
    expect(here.map(({ name, type }) => [name, type])).toEqual([...shown].map(([name, { type }]) => [name, type]));
  });

  it('lists the shown metrics', async () => {
    const shown = parseExposition(await createMetrics({ source: { statistics: () => figures } }).text());
    expect([...shown.keys()].filter((name) => !rows.some((row) => row.name === name))).toEqual([]);
    expect(shown.size).toBeGreaterThan(routerMetrics.length);
  });

  it('has the unit of each metric in its name, if it has one', () => {
    for (const { name, unit } of rows) {
      const [, suffix] = /_(seconds|bytes)(?:_total)?$/.exec(name) ?? [];
      expect([name, suffix ?? unit]).toEqual([name, unit]);
      expect(name.endsWith('_total') && !name.startsWith('nodejs_active')).toBe(
        rows.find((row) => row.name === name)?.type === 'counter',
      );
    }
  });
});
