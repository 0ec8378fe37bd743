import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameRun, singly } from '../../src/protocol/frame-run.js';
import { countFrames } from '../../src/protocol/inbound.js';
import { LengthDeframer } from '../../src/protocol/length-deframer.js';
import { byteLengthOf } from '../../src/transports/operators/index.js';
import { framed, frameOf } from '../support/frames.js';
import { toHex } from '../support/hex.js';

describe('LengthDeframer', () => {
  it('returns all frames of a stream, complete and in order, for any chunk boundaries', () => {
    const lengths = fc.array(fc.integer({ min: 4, max: 400 }), { maxLength: 20 });
    const cuts = fc.array(fc.nat(), { maxLength: 30 });
    fc.assert(
      fc.property(lengths, cuts, (lengths, cuts) => {
        const frames = lengths.map((length, i) => frameOf(length, i));
        const given = cutInto(framed('length', frames), cuts);
        expect(given.map(toHex)).toEqual(frames.map(toHex));
      }),
      { numRuns: 500 },
    );
  });

  it('returns the same frames as runs, with their number and bytes', () => {
    const lengths = fc.array(fc.tuple(fc.integer({ min: 4, max: 400 }), fc.boolean()), { maxLength: 20 });
    fc.assert(
      fc.property(lengths, fc.nat(), (lengths, cut) => {
        const frames = lengths.map(([length, isPlain], i) => {
          const frame = frameOf(length, i);
          if (!isPlain) frame[0] = 0; // not a CLASP frame: never in a run
          return frame;
        });
        const stream = framed('length', frames);
        const deframer = new LengthDeframer();
        const at = cut % (stream.length + 1);
        const items = [...deframer.pushRuns(stream.slice(0, at)), ...deframer.pushRuns(stream.slice(at))];
        expect(countFrames(items)).toBe(frames.length);
        expect(byteLengthOf(items)).toBe(frames.reduce((sum, { length }) => sum + length, 0));
        expect(singly<Uint8Array>(items).map(toHex)).toEqual(frames.map(toHex));
        for (const item of items) {
          if (item instanceof FrameRun) expect(toHex(item.last())).toBe(toHex(item.take(item.count).at(-1)!));
        }
        // A plain frame is alone only if the two chunks split it.
        expect(items.filter((item) => item instanceof Uint8Array && item[0] !== 0).length).toBeLessThan(2);
      }),
      { numRuns: 500 },
    );
  });

  it('survives any bytes: returns frames of legal length, or a fault and then nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 200 }), (one, two) => {
        const deframer = new LengthDeframer(50);
        for (const piece of [one, two]) {
          const silent = deframer.fault !== undefined;
          const frames = deframer.push(piece);
          if (silent) expect(frames).toEqual([]);
          for (const { length } of frames) expect(length >= 4 && length <= 50).toBe(true);
          expect(deframer.pendingBytes).toBeLessThan(54);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The result for a stream in chunks, some of them empty. */
function cutInto(stream: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  const deframer = new LengthDeframer();
  return at.slice(1).flatMap((end, i) => deframer.push(stream.slice(at[i], end)));
}
