import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type FrameRun, singly } from '../../../src/protocol/frame-run.js';
import { renderScanner } from '../../../scripts/render-scanner.mjs';
import { FrameScanner, sharedScanner } from '../../../src/transports/websocket/frame-scanner.js';
import { LeanReader } from '../../../src/transports/websocket/lean-reader.js';

const key = Uint8Array.of(1, 2, 3, 4);

/** A masked WebSocket message with a CLASP frame of so many bytes, and its content, which begins with a byte. */
function message(length: number, first = 4): { readonly masked: Buffer; readonly frame: Uint8Array } {
  const frame = Uint8Array.from(
    { length },
    (_, i) => [0x53, 0x01, (length - 4) >> 8, (length - 4) & 0xff, first][i] ?? i,
  );
  const head = length < 126 ? [0x82, 0x80 | length] : [0x82, 0xfe, length >> 8, length & 0xff];
  return { masked: Buffer.from([...head, ...key, ...frame.map((byte, i) => byte ^ key[i % 4]!)]), frame };
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('the frame scanner', () => {
  it('is assembled from its source', async () => {
    const generated = readFileSync('src/transports/websocket/frame-scanner-module.ts', 'utf8');
    expect(generated).toBe(await renderScanner());
  });

  it('fills its input and its output without reading or writing outside of its memory', () => {
    const { masked, frame } = message(65_528);
    expect(masked).toHaveLength(FrameScanner.maxBytes);
    const scanner = sharedScanner()!;
    scanner.load(masked);
    expect(scanner.scan(0, masked.length, 65_535)).toBe(masked.length);
    expect(scanner.count).toBe(1);
    const copy = new Uint8Array(frame.length + 1);
    expect(scanner.copyTo(copy, 1)).toBe(copy.length);
    expect(Buffer.compare(copy.subarray(1), frame)).toBe(0);
  });

  it.each([
    { length: 5, limit: 5, count: 1 },
    { length: 6, limit: 5, count: 0 },
    { length: 200, limit: 200, count: 1 },
    { length: 200, limit: 199, count: 0 },
  ])('reads $count frames of $length bytes with a limit of $limit', ({ length, limit, count }) => {
    const scanner = sharedScanner()!;
    const { masked } = message(length);
    scanner.load(masked);
    expect(scanner.scan(0, masked.length, limit)).toBe(count === 0 ? 0 : masked.length);
    expect(scanner.count).toBe(count);
  });

  it('is used by a reader if the process has one', () => {
    const scan = jest.spyOn(FrameScanner.prototype, 'scan');
    const { masked } = message(20);
    const received: unknown[] = [];
    new LeanReader({ maxFrameBytes: 100, onMessages: (one) => received.push(one), leave: jest.fn() }).push(masked);
    expect(received).toHaveLength(1);
    expect(scan).toHaveBeenCalledTimes(1);
  });

  it('gets no read that is longer than its input', () => {
    const load = jest.spyOn(FrameScanner.prototype, 'load');
    const received: unknown[] = [];
    const reader = new LeanReader({ maxFrameBytes: 100, onMessages: (one) => received.push(one), leave: jest.fn() });
    const { masked } = message(20);
    reader.push(Buffer.concat(Array.from({ length: 3_000 }, () => masked)));
    expect(received).toHaveLength(1);
    expect(load).not.toHaveBeenCalled();
  });

  it('keeps apart two readers, of which one receives a read in a callback of the other', () => {
    const received: string[] = [];
    const noted =
      (name: string) =>
      (messages: Uint8Array | FrameRun): void => {
        for (const frame of singly<Uint8Array>([messages])) received.push(`${name} ${frame[4]}`);
      };
    const ping = Buffer.from([0x89, 0x80, ...key]);
    // Behind its PING, each read has a frame of the same length at the same place.
    const read = (first: number): Buffer => {
      const masked = (): Buffer => message(20, first).masked;
      return Buffer.concat([masked(), masked(), masked(), masked(), ping, masked()]);
    };
    const other = new LeanReader({ maxFrameBytes: 200, onMessages: noted('other'), leave: jest.fn() });
    const reader = new LeanReader({
      maxFrameBytes: 200,
      onMessages: noted('one'),
      leave: () => other.push(read(200)),
    });
    reader.push(read(100));
    const [ones, others] = ['one 100', 'other 200'];
    expect(received).toEqual([ones, ones, ones, ones, others, others, others, others, others, ones]);
  });

  it('does not exist where WebAssembly, its vectors or their memory are missing', () => {
    const { WebAssembly: api } = globalThis as unknown as { WebAssembly: Record<string, unknown> };
    const creates = (replaced: unknown): boolean => {
      Reflect.set(globalThis, 'WebAssembly', replaced);
      try {
        return FrameScanner.create() !== undefined;
      } finally {
        Reflect.set(globalThis, 'WebAssembly', api);
      }
    };
    const { validate, Module, Instance } = api;
    const outOfMemory = function (): never {
      throw new RangeError('could not allocate memory');
    };
    expect(creates(undefined)).toBe(false);
    expect(creates({ validate: () => false, Module, Instance })).toBe(false);
    expect(creates({ validate, Module, Instance: outOfMemory })).toBe(false);
    expect(creates({ validate, Module, Instance })).toBe(true);
  });
});
