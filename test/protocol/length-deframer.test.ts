import { describe, expect, it } from '@jest/globals';
import { LengthDeframer } from '../../src/protocol/length-deframer.js';
import { framed, frameOf } from '../support/frames.js';
import { concat, fromHex, toHex } from '../support/hex.js';
import { readVectors } from '../support/vectors.js';

/** The bytes that the Arduino library sends, and the frames in them. */
const arduino = readVectors('clients.json').flatMap(({ hex, tcpHex }) =>
  tcpHex === undefined ? [] : [{ hex, tcpHex }],
);

describe('LengthDeframer', () => {
  it('reads the stream of an Arduino', () => {
    expect(arduino).toHaveLength(12);
    const stream = fromHex(arduino.map(({ tcpHex }) => tcpHex).join(''));
    expect(new LengthDeframer().push(stream).map(toHex)).toEqual(arduino.map(({ hex }) => hex));
  });

  it('reads it byte by byte, and returns each frame with its last byte', () => {
    const deframer = new LengthDeframer();
    for (const { hex, tcpHex } of arduino) {
      const given = [...fromHex(tcpHex)].map((byte) => deframer.push(Uint8Array.of(byte)).map(toHex));
      expect(given.slice(0, -1).flat()).toEqual([]);
      expect(given.at(-1)).toEqual([hex]);
    }
  });

  it('reads a stream in three chunks, cut at any two bytes', () => {
    const frames = [4, 5, 30, 4].map((length, i) => frameOf(length, i));
    const stream = framed('length', frames);
    for (let one = 0; one <= stream.length; one++) {
      for (let two = one; two <= stream.length; two++) {
        const deframer = new LengthDeframer();
        const pieces = [stream.slice(0, one), stream.slice(one, two), stream.slice(two)];
        const given = pieces.flatMap((piece) => deframer.push(piece));
        expect(given.map(toHex)).toEqual(frames.map(toHex));
        expect(deframer.pendingBytes).toBe(0);
      }
    }
  });

  it('returns views while a frame is complete in its chunk, and keeps no chunk alive', () => {
    const deframer = new LengthDeframer();
    const [whole, torn] = [frameOf(20, 1), frameOf(20, 2)];
    const piece = concat([framed('length', [whole]), framed('length', [torn]).subarray(0, 10)]);
    const [frame] = deframer.push(piece);
    expect(frame?.buffer).toBe(piece.buffer);
    piece.fill(0); // the socket reuses its buffer
    expect(deframer.push(framed('length', [torn]).subarray(10)).map(toHex)).toEqual([toHex(torn)]);
  });

  it('does not change a returned frame that arrived in pieces, while the next one arrives', () => {
    const deframer = new LengthDeframer();
    const stream = framed('length', [frameOf(20, 1), frameOf(20, 2)]);
    expect(deframer.push(stream.subarray(0, 10))).toEqual([]);
    const [first] = deframer.push(stream.subarray(10, 40)); // and the beginning of the second
    deframer.push(stream.subarray(40));
    expect(first).toEqual(frameOf(20, 1));
  });

  it('counts the incomplete bytes, including the length prefix', () => {
    const deframer = new LengthDeframer();
    const bytes = framed('length', [frameOf(20)]);
    for (let i = 0; i < bytes.length; i++) {
      expect(deframer.pendingBytes).toBe(i);
      deframer.push(bytes.subarray(i, i + 1));
    }
    expect(deframer.pendingBytes).toBe(0);
  });

  it('accepts frames of 4 to 65,547 bytes, or up to the configured limit', () => {
    const frames = [frameOf(4), frameOf(65_547)];
    expect(new LengthDeframer().push(framed('length', frames)).map(toHex)).toEqual(frames.map(toHex));
    const deframer = new LengthDeframer(100);
    expect(deframer.push(framed('length', [frameOf(100)]))).toHaveLength(1);
    expect(deframer.fault).toBeUndefined();
    expect(deframer.push(framed('length', [frameOf(101)]))).toEqual([]);
    expect(deframer.fault).toMatchObject({ fault: 'FrameTooLarge' });
  });

  it.each([
    ['00000000', 'TruncatedHeader', 'the count is 0 bytes; a frame has at least 4'],
    ['00000003', 'TruncatedHeader', 'the count is 3 bytes; a frame has at least 4'],
    ['0001000c', 'FrameTooLarge', 'the count is 65548 bytes; the limit is 65547'],
    ['ffffffff', 'FrameTooLarge', 'the count is 4294967295 bytes; the limit is 65547'],
  ])('rejects the length %s in any chunks, but not the frames before it', (count, fault, message) => {
    const sound = framed('length', [frameOf(20, 1), frameOf(20, 2)]);
    const stream = concat([sound, fromHex(count)]);
    for (let at = 0; at <= stream.length; at++) {
      const deframer = new LengthDeframer();
      const given = [...deframer.push(stream.slice(0, at)), ...deframer.push(stream.slice(at))];
      expect(given).toEqual([frameOf(20, 1), frameOf(20, 2)]);
      expect(deframer.fault).toMatchObject({ fault, message });
      expect(deframer.pendingBytes).toBe(0);
      expect(deframer.push(sound)).toEqual([]); // desynchronized permanently
    }
  });

  it('rejects valid-looking bytes after a bad length', () => {
    const stream = concat([fromHex('00000000'), framed('length', [frameOf(20)])]);
    for (let at = 0; at <= stream.length; at++) {
      const deframer = new LengthDeframer();
      expect([...deframer.push(stream.slice(0, at)), ...deframer.push(stream.slice(at))]).toEqual([]);
    }
  });

  it('reserves no memory for declared bytes', () => {
    const deframer = new LengthDeframer();
    const bytes = framed('length', [frameOf(65_547)]);
    deframer.push(bytes.slice(0, 4));
    const [frame] = [...deframer.push(bytes.slice(4, 1_000)), ...deframer.push(bytes.slice(1_000))];
    expect(frame).toHaveLength(65_547);
    expect(frame!.buffer.byteLength).toBeLessThanOrEqual(2 * bytes.length);
    const before = process.memoryUsage().arrayBuffers;
    const peers = Array.from({ length: 1_000 }, () => new LengthDeframer());
    for (const peer of peers) peer.push(bytes.slice(0, 5));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    expect(peers[0]!.pendingBytes).toBe(5);
  });
});
