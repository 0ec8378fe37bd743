import { describe, expect, it } from '@jest/globals';
import { Deframer } from '../../src/protocol/deframer.js';
import { DecodeError } from '../../src/protocol/errors.js';
import { encodeFrame, frameLength } from '../../src/protocol/frame.js';
import { MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES } from '../../src/protocol/limits.js';
import { concat, fromHex, toHex } from '../support/hex.js';
import { binaryVectorFiles, readVectors } from '../support/vectors.js';

/** Each frame of the vectors that ends where its header states. The other vectors are not streams. */
const frames = [...binaryVectorFiles, 'legacy-msgpack.json' as const]
  .flatMap((file) => readVectors(file).map(({ hex }) => fromHex(hex)))
  .filter((frame) => frameLength(frame, 0, frame.length) === frame.length);

const ping = fromHex('5301000141');

describe('Deframer', () => {
  it('has a stream for the tests', () => expect(frames.length).toBeGreaterThan(580));

  it('reads all vectors in one chunk', () => {
    expect(new Deframer().push(concat(frames)).map(toHex)).toEqual(frames.map(toHex));
  });

  it('reads all vectors byte by byte, and returns each frame with its last byte', () => {
    const deframer = new Deframer();
    for (const frame of frames) {
      const given = [...frame].map((byte) => deframer.push(Uint8Array.of(byte)));
      expect(given.slice(0, -1).flat()).toEqual([]);
      expect(given.at(-1)?.map(toHex)).toEqual([toHex(frame)]);
    }
  });

  it('reads each vector in two chunks, cut at every byte', () => {
    for (const frame of frames.filter(({ length }) => length <= 256)) {
      for (let at = 0; at <= frame.length; at++) {
        const deframer = new Deframer();
        const given = [...deframer.push(frame.subarray(0, at)), ...deframer.push(frame.subarray(at))];
        expect(given.map(toHex)).toEqual([toHex(frame)]);
      }
    }
  });

  it('returns views while a frame is complete in its chunk, and keeps no chunk alive', () => {
    const deframer = new Deframer();
    const piece = concat([ping, ping.subarray(0, 2)]);
    const [frame] = deframer.push(piece);
    expect(frame?.buffer).toBe(piece.buffer);
    piece.fill(0); // the socket reuses its buffer
    expect(deframer.push(ping.subarray(2)).map(toHex)).toEqual([toHex(ping)]);
  });

  it('rejects a desynchronized stream', () => {
    expect(() => new Deframer().push(fromHex('00'))).toThrow(expect.objectContaining({ fault: 'BadMagic' }));
    expect(() => new Deframer().push(fromHex('00'))).toThrow(DecodeError);
  });

  it('never buffers more than the largest frame', () => {
    const deframer = new Deframer();
    const header = encodeFrame({ type: 'ping' }, { timestamp: 1 });
    header[2] = header[3] = 0xff;
    const largest = concat([header.subarray(0, 12), new Uint8Array(MAX_PAYLOAD_BYTES)]);
    expect(largest).toHaveLength(MAX_FRAME_BYTES);
    expect(deframer.push(largest.subarray(0, -1))).toEqual([]);
    expect(deframer.pendingBytes).toBe(MAX_FRAME_BYTES - 1);
    expect(deframer.push(concat([largest.subarray(-1), ping]))).toHaveLength(2);
    expect(deframer.pendingBytes).toBe(0);
  });

  it('returns the complete frames before a fault, and then reports the fault', () => {
    const deframer = new Deframer();
    const frame = encodeFrame({ type: 'ping' });
    expect(deframer.push(Uint8Array.of(...frame, ...frame, 0xff))).toEqual([frame, frame]);
    expect(deframer.fault).toMatchObject({ fault: 'BadMagic' });
    expect(() => deframer.push(frame)).toThrow('a frame starts with 0x53');
  });
});
