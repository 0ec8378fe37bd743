import { describe, expect, it } from '@jest/globals';
import { Deframer } from '../../src/protocol/deframer.js';
import { DecodeError } from '../../src/protocol/errors.js';
import { encodeFrame, frameLength } from '../../src/protocol/frame.js';
import { MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES } from '../../src/protocol/limits.js';
import { concat, fromHex, toHex } from '../support/hex.js';
import { binaryVectorFiles, readVectors } from '../support/vectors.js';

/** Every frame of the vectors that ends where its header says; what else they try is no stream. */
const frames = [...binaryVectorFiles, 'legacy-msgpack.json' as const]
  .flatMap((file) => readVectors(file).map(({ hex }) => fromHex(hex)))
  .filter((frame) => frameLength(frame, 0, frame.length) === frame.length);

const ping = fromHex('5301000141');

describe('Deframer', () => {
  it('knows a stream to test with', () => expect(frames.length).toBeGreaterThan(580));

  it('takes all vectors in one piece', () => {
    expect(new Deframer().push(concat(frames)).map(toHex)).toEqual(frames.map(toHex));
  });

  it('takes all vectors byte by byte, each frame out with its last byte', () => {
    const deframer = new Deframer();
    for (const frame of frames) {
      const given = [...frame].map((byte) => deframer.push(Uint8Array.of(byte)));
      expect(given.slice(0, -1).flat()).toEqual([]);
      expect(given.at(-1)?.map(toHex)).toEqual([toHex(frame)]);
    }
  });

  it('takes each vector cut in two at every place', () => {
    for (const frame of frames.filter(({ length }) => length <= 256)) {
      for (let at = 0; at <= frame.length; at++) {
        const deframer = new Deframer();
        const given = [...deframer.push(frame.subarray(0, at)), ...deframer.push(frame.subarray(at))];
        expect(given.map(toHex)).toEqual([toHex(frame)]);
      }
    }
  });

  it('gives views while a frame lies whole in the piece, and keeps no piece alive', () => {
    const deframer = new Deframer();
    const piece = concat([ping, ping.subarray(0, 2)]);
    const [frame] = deframer.push(piece);
    expect(frame?.buffer).toBe(piece.buffer);
    piece.fill(0); // the socket reuses its buffer
    expect(deframer.push(ping.subarray(2)).map(toHex)).toEqual([toHex(ping)]);
  });

  it('refuses a stream that is out of step', () => {
    expect(() => new Deframer().push(fromHex('00'))).toThrow(expect.objectContaining({ fault: 'BadMagic' }));
    expect(() => new Deframer().push(fromHex('00'))).toThrow(DecodeError);
  });

  it('never holds more than the largest frame', () => {
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

  it('gives the whole frames ahead of what puts it out of step, and then says so', () => {
    const deframer = new Deframer();
    const frame = encodeFrame({ type: 'ping' });
    expect(deframer.push(Uint8Array.of(...frame, ...frame, 0xff))).toEqual([frame, frame]);
    expect(deframer.fault).toMatchObject({ fault: 'BadMagic' });
    expect(() => deframer.push(frame)).toThrow('a frame starts with 0x53');
  });
});
