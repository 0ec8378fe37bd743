import { describe, expect, it } from '@jest/globals';
import { withResults } from '../../bench/pictures/page.mjs';
import { picturesOf } from '../../bench/pictures/pictures.mjs';
import { merge, type Results } from '../../bench/pictures/results.mjs';

type Row = Results['rows'][number];
type Run = Results['runs'][number];

const page = [
  '# Benchmarks',
  '<!-- Results: written by `npm run bench:pictures`. Do not edit. -->',
  'old',
  '<!-- End of the results. -->',
  'after',
].join('\n\n');

const row = (target: string, fields: Partial<Row> = {}): Row => ({
  ...{ case: 'event-1-1', target, metric: '', unit: '/s', values: [2e6, 3e6] },
  ...{ median: 2.5e6, min: 2e6, max: 3e6, deliveredRatio: 1, perCpuSecond: 2.4e6 },
  ...{ advantage: undefined, cpuAdvantage: undefined },
  ...fields,
});

const run = (rows: readonly Row[], fields: Partial<Run> = {}): Run => ({
  environment: {
    ...{ date: '2026-12-01T14:50:00.000Z', cpu: 'CPU', cores: 2, memoryGiB: 24, system: 'Linux', loadAverage: 0.5 },
    ...{ node: 'v20.1.2', router: '0.1.0 (abc1234)', packages: {} },
    peers: { 'nats-server': '2.9.10', 'nats-server-2.15.3': '2.15.3', 'clasp-peer': 'started by a command' },
  },
  ...{ seconds: 2, repeat: 3, rows, problems: [] },
  ...fields,
});

const labels = new Map([['clasp-peer', 'the Rust router']]);
const events = run(
  [
    row('nats-server', { median: 1e6, advantage: 2.5, cpuAdvantage: 2.25 }),
    row('clasp-peer', { median: 3e6, deliveredRatio: 0.5, advantage: 0.8, cpuAdvantage: 120.4 }),
    row('clasp-router'),
  ],
  { problems: ['event-1-1, clasp-peer: ERROR 503', 'event-1-1, clasp-peer: 5 deliveries where 10 were owed'] },
);

/** Returns the page with these runs. */
function written(...runs: readonly Run[]): string {
  const results = merge(runs, labels);
  return withResults(page, results, picturesOf(results), 'benchmarks');
}

describe('the page of results', () => {
  it('keeps what is before and after the results', () => {
    expect(written(events)).toMatch(/^# Benchmarks\n\n<!-- Results[^]+<!-- End of the results. -->\n\nafter$/);
    expect(written(events)).not.toContain('\nold\n');
  });

  it('is the same when it is written again', () => {
    const results = merge([events], labels);
    const once = written(events);
    expect(withResults(once, results, picturesOf(results), 'benchmarks')).toBe(once);
  });

  it('names the date, the build and the versions of the other servers', () => {
    const text = written(events).replaceAll('\n', ' ');
    expect(text).toContain('**clasp-router 0.1.0 (abc1234)**, Node 20.1.2: CPU, 2 cores');
    expect(text).toContain('- **2026-12-01 14:50 UTC**, 3 × 2 s each, load average before the run 0.50: `event-1-1`.');
    expect(text).toContain('Other servers: nats-server 2.9.10; nats-server 2.15.3; the Rust router.');
  });

  it('has this router first and the others by their rate', () => {
    const targets = written(events).match(/^\| (clasp-router|nats-server 2.9.10|the Rust router) .+M\/s/gm);
    expect(targets?.map((line) => line.slice(2, 6))).toEqual(['clas', 'the ', 'nats']);
  });

  it('has the factors by rate and by processor time', () => {
    const lines = written(events).split('\n');
    expect(lines.filter((line) => line.startsWith('| the Rust router |')).slice(0, 2)).toEqual([
      '| the Rust router | 0.800 |',
      '| the Rust router | 120 |',
    ]);
  });

  it('names a build once when several runs measured it', () => {
    const text = written(events, run([row('clasp-router', { case: 'codec' })]));
    expect(text.match(/abc1234/g)).toHaveLength(1);
    expect(text.match(/^- \*\*2026/gm)).toHaveLength(2);
  });

  it('lists problems, except deliveries that the table has', () => {
    expect(written(events)).toContain('- event-1-1, the Rust router: ERROR 503');
    expect(written(events)).not.toContain('were owed');
  });

  it('has a case of a later run instead of the earlier one', () => {
    const text = written(events, run([row('clasp-router', { median: 9e6 })]));
    expect(text).toContain('9.00 M/s');
    expect(text).not.toContain('2.50 M/s');
    expect(text).not.toContain('ERROR 503');
  });

  it('must have a place for the results', () => {
    const results = merge([events], labels);
    expect(() => withResults('# Benchmarks', results, [], 'benchmarks')).toThrow('the page has no lines');
  });

  it('has lines of at most 100 characters', () => {
    expect(
      written(events)
        .split('\n')
        .filter((line) => line.length > 100),
    ).toEqual([]);
  });
});

describe('a picture of rates', () => {
  const [picture] = picturesOf(merge([events], labels));

  it('has a bar per target, as long as its rate, with ours in its own color', () => {
    const bars = [...(picture?.svg ?? '').matchAll(/<rect class="(ours|peer)".+? width="([\d.]+)"/g)];
    expect(bars.map(([, kind, width]) => [kind, width])).toEqual([
      ['ours', '250'],
      ['peer', '300'],
      ['peer', '100'],
    ]);
  });

  it('states how much arrived if not everything did', () => {
    expect(picture?.svg.match(/[\d.]+ M\/s · .+?(?=<)/g)).toEqual([
      '2.50 M/s · 2.40 M per CPU s',
      '3.00 M/s · 2.40 M per CPU s · 50 % arrived',
      '1.00 M/s · 2.40 M per CPU s',
    ]);
  });

  it('escapes text and has colors for light and dark', () => {
    const [escaped] = picturesOf(merge([events], new Map([['clasp-peer', 'a <b> & "c"']])));
    expect(escaped?.svg).toContain('a &lt;b&gt; &amp; &quot;c&quot;');
    expect(escaped?.svg).toContain('@media (prefers-color-scheme: dark)');
  });
});

it('a picture of latencies has p50 and p99 of each target on one scale', () => {
  const latency = (target: string, metric: string, median: number): Row =>
    row(target, { case: 'latency', metric, unit: 'µs', median });
  const rows = [latency('clasp-router', 'p50', 100), latency('clasp-router', 'p99', 1000)];
  const [picture] = picturesOf(merge([run([...rows, latency('nats-server', 'p50', 90)])], labels));
  expect(picture?.file).toBe('latency.svg');
  expect(picture?.svg).toContain('100 µs · 1000 µs');
  expect(picture?.svg.match(/<circle[^>]+cx="(\d+)"/g)).toHaveLength(2);
});

it('a run without cases that have pictures gives no pictures', () => {
  expect(picturesOf(merge([run([row('clasp-router', { case: 'codec' })])], labels))).toEqual([]);
});
