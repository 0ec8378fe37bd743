import { describe, expect, it } from '@jest/globals';
import { DirectSignals } from '../../../src/core/direct/direct-signals.js';

const EVENT = 0x20;

function inFrame(address: string): [view: DataView, start: number, end: number] {
  const text = new TextEncoder().encode(address);
  const bytes = new Uint8Array([0, text.length, ...text]);
  return [new DataView(bytes.buffer), 0, bytes.length];
}

function use(signals: DirectSignals, address: string): void {
  const number = signals.find(...inFrame(address), EVENT);
  if (number < 0) signals.note(...inFrame(address), EVENT, address);
  else signals.used[number] = 1;
}

/** Uses one of 1,024 addresses with equal hashes: see the test of the address table. */
function useColliding(signals: DirectSignals, n: number): void {
  const view = new DataView(new ArrayBuffer(2 + 11 * 8));
  view.setUint16(0, view.byteLength - 2);
  for (let bit = 0; bit < 10; bit++) {
    if (((n >> bit) & 1) === 0) continue;
    view.setInt32(8 * bit + 8, 0x8000_0000, true);
    view.setInt32(8 * bit + 12, 0x4000, true);
  }
  const frame = [view, 0, view.byteLength] as const;
  if (signals.find(...frame, EVENT) < 0) signals.note(...frame, EVENT, String(n));
}

const isKnown = (signals: DirectSignals, address: string): boolean => signals.find(...inFrame(address), EVENT) >= 0;

describe('the addresses of direct signals', () => {
  it('contain an address from its second use', () => {
    const signals = new DirectSignals();
    use(signals, '/cue/go');
    expect(isKnown(signals, '/cue/go')).toBe(false);
    use(signals, '/cue/go');
    expect(isKnown(signals, '/cue/go')).toBe(true);
    expect(signals.find(...inFrame('/cue/go'), 0x40)).toBe(-1);
  });

  it('keep those in use when 150,000 others are used twice each, and never exceed 32,768', () => {
    const signals = new DirectSignals();
    const hot = Array.from({ length: 50 }, (_, i) => `/hot/${i}`);
    for (let i = 0; i < 150_000; i++) {
      if (i % 1_000 === 0) for (const address of hot) for (let times = 0; times < 2; times++) use(signals, address);
      use(signals, `/flood/${i}`);
      use(signals, `/flood/${i}`);
    }
    expect(signals.table.size).toBe(32_768);
    expect(signals.table.end).toBe(32_768);
    expect(hot.filter((address) => isKnown(signals, address))).toEqual(hot);
  });

  it('contain no address twice whose hash is that of many others', () => {
    const signals = new DirectSignals();
    for (let times = 0; times < 10; times++) for (let n = 0; n < 500; n++) useColliding(signals, n);
    expect(signals.table.size).toBeLessThanOrEqual(64);
  });

  it('contain nothing of a flood of addresses that are used once', () => {
    const signals = new DirectSignals();
    for (let i = 0; i < 100_000; i++) use(signals, `/flood/${i}`);
    expect(signals.table.size).toBeLessThan(100);
  });
});
