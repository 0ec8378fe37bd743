import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import type { RouterFigures } from '../../src/health/figures.js';
import { createMetrics } from '../../src/health/metrics.js';
import { FRESH_MS } from '../../src/health/metrics.js';
import { parseExposition } from './exposition.js';
import { figures } from './figures.js';

async function shown(statistics: () => RouterFigures = () => figures): Promise<Record<string, number>> {
  const families = parseExposition(await createMetrics({ source: { statistics } }).text());
  return Object.fromEntries([...families.values()].flatMap(({ samples }) => [...samples]));
}

describe('the metrics of a router', () => {
  it('show each figure at its place', async () => {
    const lines = Object.entries(await shown()).filter(([name]) => name.startsWith('clasp_'));
    expect(Object.fromEntries(lines)).toEqual({
      'clasp_messages_total{type="set"}': 301,
      'clasp_messages_total{type="publish"}': 302,
      'clasp_messages_total{type="subscribe"}': 0,
      clasp_deliveries_total: 201,
      'clasp_errors_total{code="404"}': 311,
      'clasp_errors_total{code="429"}': 312,
      clasp_internal_errors_total: 206,
      'clasp_message_latency_seconds_bucket{le="0.001"}': 5,
      'clasp_message_latency_seconds_bucket{le="0.002"}': 5,
      'clasp_message_latency_seconds_bucket{le="+Inf"}': 7,
      clasp_message_latency_seconds_sum: 0.014,
      clasp_message_latency_seconds_count: 7,
      'clasp_broadcast_fanout_bucket{le="1"}': 1,
      'clasp_broadcast_fanout_bucket{le="2"}': 3,
      'clasp_broadcast_fanout_bucket{le="4"}': 6,
      'clasp_broadcast_fanout_bucket{le="+Inf"}': 10,
      clasp_broadcast_fanout_sum: 99,
      clasp_broadcast_fanout_count: 10,
      clasp_received_bytes_total: 202,
      clasp_sent_bytes_total: 203,
      clasp_sessions_active: 101,
      clasp_sessions_congested: 102,
      clasp_queue_bytes: 107,
      clasp_subscriptions_active: 103,
      clasp_state_params_active: 104,
      clasp_signals_announced: 105,
      'clasp_messages_dropped_total{reason="rate_limit"}': 401,
      'clasp_messages_dropped_total{reason="malformed"}': 402,
      'clasp_messages_dropped_total{reason="conflated"}': 403,
      'clasp_messages_dropped_total{reason="slow_reader"}': 404,
      clasp_sessions_overflowed_total: 405,
      clasp_sessions_released_total: 205,
      clasp_sessions_displaced_total: 207,
      'clasp_memory_used_bytes{kind="params"}': 701,
      'clasp_memory_used_bytes{kind="send_buffers"}': 704,
      'clasp_memory_limit_bytes{kind="params"}': 702,
      'clasp_memory_made_room_total{kind="params"}': 703,
      'clasp_memory_made_room_total{kind="send_buffers"}': 705,
      clasp_params_evicted_total: 406,
      clasp_params_expired_total: 407,
      clasp_signals_evicted_total: 408,
      clasp_bundles_dropped_total: 409,
      clasp_wills_dropped_total: 410,
      clasp_auth_failures_total: 204,
      'clasp_rejected_connections_total{kind="handshake"}': 601,
      'clasp_rejected_connections_total{kind="timeout"}': 602,
      'clasp_rejected_connections_total{kind="refused"}': 603,
      'clasp_rejected_connections_total{kind="unsolicited"}': 604,
      clasp_bundles_pending: 106,
      clasp_bundles_run_total: 501,
      clasp_bundle_lateness_last_seconds: 0.000502,
      clasp_bundle_lateness_worst_seconds: 0.000503,
    });
  });

  it('include the process, with the lag of its event loop', async () => {
    const lines = await shown();
    expect(lines.process_resident_memory_bytes).toBeGreaterThan(1_000_000);
    expect(lines).toHaveProperty('nodejs_eventloop_lag_p99_seconds');
    expect(Object.keys(lines)).toContainEqual(expect.stringMatching(/^nodejs_heap_space_size_used_bytes\{space="/));
  });

  it('omit figures that are not measured', async () => {
    const families = parseExposition(
      await createMetrics({
        source: { statistics: () => ({ ...figures, latencySeconds: undefined, fanOut: undefined }) },
      }).text(),
    );
    expect(families.get('clasp_broadcast_fanout')).toMatchObject({ type: 'histogram', samples: new Map() });
    expect(families.get('clasp_message_latency_seconds')?.samples.size).toBe(0);
  });

  it('set every total instead of adding it up', async () => {
    const clock = new SimulatedClock();
    let deliveries = 10;
    const source = { statistics: () => ({ ...figures, totals: { ...figures.totals, deliveries } }) };
    const metrics = createMetrics({ source, clock });
    expect(await metrics.text()).toMatch(/^clasp_deliveries_total 10$/m);
    deliveries = 15;
    clock.increment(FRESH_MS);
    expect(await metrics.text()).toMatch(/^clasp_deliveries_total 15$/m);
  });

  it('read the router at most once per second, however often they are scraped', async () => {
    const clock = new SimulatedClock();
    let asked = 0;
    const statistics = (): RouterFigures => {
      asked++;
      return figures;
    };
    const metrics = createMetrics({ source: { statistics }, clock });
    await Promise.all(Array.from({ length: 100 }, () => metrics.text()));
    clock.increment(FRESH_MS - 1);
    await metrics.text();
    expect(asked).toBe(1);
    clock.increment(1);
    await metrics.text();
    expect(asked).toBe(2);
  });

  it('fail only while the router fails', async () => {
    let broken = true;
    const statistics = (): RouterFigures => {
      if (broken) throw new Error('no figures');
      return figures;
    };
    const metrics = createMetrics({ source: { statistics }, clock: new SimulatedClock() });
    await expect(metrics.text()).rejects.toThrow('no figures');
    broken = false;
    expect(await metrics.text()).toContain('clasp_sessions_active 101');
  });

  it('are separate for each router of a process', async () => {
    const other = { ...figures, counts: { ...figures.counts, sessions: 7 } };
    const [first, second] = await Promise.all([shown(), shown(() => other)]);
    expect([first.clasp_sessions_active, second.clasp_sessions_active]).toEqual([101, 7]);
  });
});

describe('the parser of the text format', () => {
  const head = '# HELP a_total A.\n# TYPE a_total counter\n';
  it.each([
    ['a sample without a family', 'a_total 1\n'],
    ['a sample of another family', `${head}b_total 1\n`],
    ['a family without help', '# TYPE a_total counter\na_total 1\n'],
    ['the same sample twice', `${head}a_total 1\na_total 1\n`],
    ['the same family twice', `${head}${head}`],
    ['an invalid number', `${head}a_total one\n`],
    ['a label without quotes', `${head}a_total{b=1} 1\n`],
    ['a line without an end', `${head}a_total 1`],
  ])('rejects %s', (_, text) => expect(() => parseExposition(text)).toThrow());
});
