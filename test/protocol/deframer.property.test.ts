import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Deframer } from '../../src/protocol/deframer.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import { arbitraryMessage, arbitraryU64 } from '../support/arbitraries.js';
import { concat, toHex } from '../support/hex.js';

const arbitraryFrame = fc
  .tuple(arbitraryMessage({ binary: true }), fc.option(arbitraryU64, { nil: undefined }))
  .map(([message, timestamp]) => encodeFrame(message, { timestamp }));

describe('Deframer', () => {
  it('returns all frames of a stream, complete and in order, for any chunk boundaries', () => {
    fc.assert(
      fc.property(fc.array(arbitraryFrame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (frames, cuts) => {
        const stream = concat(frames);
        const deframer = new Deframer();
        const given = pieces(stream, cuts).flatMap((piece) => deframer.push(piece));
        expect(given.map(toHex)).toEqual(frames.map(toHex));
        expect(deframer.pendingBytes).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  it('buffers exactly the bytes of an incomplete frame', () => {
    fc.assert(
      fc.property(arbitraryFrame, fc.nat(), (frame, at) => {
        const length = at % frame.length;
        const deframer = new Deframer();
        expect(deframer.push(frame.subarray(0, length))).toEqual([]);
        expect(deframer.pendingBytes).toBe(length);
        expect(deframer.push(frame.subarray(length)).map(toHex)).toEqual([toHex(frame)]);
      }),
      { numRuns: 500 },
    );
  });
});

/** Splits the stream into chunks, some of them empty. */
function pieces(stream: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => stream.subarray(at[i], end));
}
