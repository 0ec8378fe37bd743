import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LengthDeframer } from '../../src/protocol/length-deframer.js';
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
