import { describe, expect, it } from '@jest/globals';
import { BitFlips } from './chaos-proxy-flips.js';
import { Random } from './mutate.mjs';
import { noCounts, byteLine, datagramLine } from './chaos-lines.js';

describe('a byte line', () => {
  it('forwards at once without faults', () => {
    const { push, arrived } = byteLine({});
    push('a');
    push('b');
    expect(arrived).toEqual([
      [0, 'a'],
      [0, 'b'],
    ]);
  });

  it('delays by the latency, and forwards its end after its bytes', () => {
    const { line, push, clock, arrived, told } = byteLine({ latencyMs: 40 });
    push('a');
    line.end();
    clock.increment(39);
    expect([arrived, told]).toEqual([[], []]);
    clock.increment(1);
    expect([arrived, told]).toEqual([[[40, 'a']], ['end']]);
    expect(line.isThrough).toBe(true);
  });

  it('preserves order with any jitter', () => {
    const { push, clock, arrived } = byteLine({ latencyMs: 5, jitterMs: 50 });
    for (const letter of 'abcdefghij') push(letter);
    for (let ms = 0; ms < 55; ms++) clock.increment(1);
    expect(arrived.map(([, text]) => text).join('')).toBe('abcdefghij');
    expect(new Set(arrived.map(([atMs]) => atMs)).size).toBeGreaterThan(1);
    expect(Math.min(...arrived.map(([atMs]) => atMs))).toBeGreaterThanOrEqual(5);
  });

  it('forwards nothing while stalled, makes the sender wait at its limit, and continues afterwards', () => {
    const { line, push, arrived, told } = byteLine({});
    line.stall();
    for (let i = 0; i < 4; i++) push('x'.repeat(65_536));
    line.end();
    expect(told).toEqual([]);
    push('y');
    expect([arrived, told]).toEqual([[], ['pause']]);
    line.resume();
    expect(arrived).toHaveLength(5);
    expect(told).toEqual(['pause', 'resume', 'end']);
  });

  it('waits for a receiver that accepts no more', () => {
    const { line, push, arrived, told, block } = byteLine({});
    block();
    push('a');
    push('b');
    line.end();
    expect([arrived.length, told]).toEqual([1, []]);
    line.drained();
    expect([arrived.length, told]).toEqual([2, ['end']]);
  });

  it('drops bytes in transit when it is stopped', () => {
    const { line, push, clock, arrived } = byteLine({ latencyMs: 10 });
    push('a');
    line.stop();
    push('b');
    clock.increment(100);
    expect(arrived).toEqual([]);
  });
});

describe('flipped bits', () => {
  const bytes = new Uint8Array(20_000);

  it('occur at the configured rate, in copies, and at the same positions however the bytes are split', () => {
    const [whole, pieces] = [noCounts(), noCounts()];
    const atOnce = new BitFlips(new Random(7), whole).apply(bytes, 100);
    const flips = new BitFlips(new Random(7), pieces);
    const cut = Buffer.concat(
      Array.from({ length: 20 }, (_, i) => flips.apply(bytes.subarray(i * 1_000, (i + 1) * 1_000), 100)),
    );
    expect(Buffer.compare(atOnce, cut)).toBe(0);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    const flipped = atOnce.filter((byte) => byte !== 0);
    expect(flipped.length).toBe(whole.flips);
    expect(pieces.flips).toBe(whole.flips);
    expect(flipped.every((byte) => (byte & (byte - 1)) === 0)).toBe(true); // one bit each
    expect(whole.flips).toBeGreaterThan(150);
    expect(whole.flips).toBeLessThan(250);
  });

  it('do not occur with a rate of 0', () => {
    expect(new BitFlips(new Random(7), noCounts()).apply(bytes, 0)).toBe(bytes);
  });
});

describe('a datagram line', () => {
  const all = Array.from({ length: 200 }, (_, i) => i);

  it('forwards all datagrams, in order, without faults', () => expect(datagramLine({}).arrived).toEqual(all));

  it('loses the configured share, the same datagrams for the same seed', () => {
    const { arrived, counts } = datagramLine({ lossRatio: 0.25 });
    expect(counts.lost).toBeGreaterThan(30);
    expect(counts.lost).toBeLessThan(70);
    expect(arrived.length + counts.lost).toBe(200);
    expect(datagramLine({ lossRatio: 0.25 }).arrived).toEqual(arrived);
    expect(datagramLine({ lossRatio: 0.25 }, 4).arrived).not.toEqual(arrived);
  });

  it('duplicates the configured share', () => {
    const { arrived, counts } = datagramLine({ duplicateRatio: 0.25 });
    expect(counts.duplicates).toBeGreaterThan(30);
    expect(arrived.length).toBe(200 + counts.duplicates);
    expect(new Set(arrived).size).toBe(200);
  });

  it('reorders datagrams by the jitter', () => {
    const { arrived, clock } = datagramLine({ latencyMs: 10, jitterMs: 30 });
    expect(arrived).toEqual([]);
    clock.increment(40);
    expect(arrived).not.toEqual(all);
    expect([...arrived].sort((a, b) => a - b)).toEqual(all);
  });

  it('loses datagrams that arrive while it is stalled', () => {
    const { line, arrived, counts } = datagramLine({});
    line.isStalled = true;
    line.push(Uint8Array.of(250));
    line.isStalled = false;
    line.push(Uint8Array.of(251));
    expect(arrived.slice(200)).toEqual([251]);
    expect(counts.lost).toBe(1);
  });
});
