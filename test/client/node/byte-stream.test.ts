import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { ByteStream, type StreamFraming } from '../../../src/client/node/byte-stream.js';
import { digests, framed, frameOf } from '../../support/frames.js';

/** A stream whose other end is the test: bytes written to `wire` are read. */
function stream(framing: StreamFraming) {
  const wire = new PassThrough();
  const frames: Uint8Array[] = [];
  const faults: string[] = [];
  const bytes = new ByteStream(wire, {
    framing,
    received: (received) => frames.push(...received.map((frame) => Uint8Array.from(frame))),
    broken: ({ message }) => faults.push(message),
  });
  return { wire, bytes, frames, faults };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each(['length', 'raw'] as const)('a stream with frames in the framing %s', (framing) => {
  const sent = [frameOf(11, 1), frameOf(65_547, 2), frameOf(4), frameOf(300, 3)];

  it.each([1, 3, 7, 1_000, 1_000_000])('splits input in chunks of %s bytes', async (size) => {
    const { wire, frames, faults } = stream(framing);
    const all = framed(framing, size < 8 ? sent.filter(({ length }) => length < 1_000) : sent);
    for (let at = 0; at < all.length; at += size) wire.emit('data', Buffer.from(all.subarray(at, at + size)));
    expect(digests(frames)).toEqual(digests(size < 8 ? sent.filter(({ length }) => length < 1_000) : sent));
    wire.end();
    await turn();
    expect(faults).toEqual([]);
  });

  it('writes each frame in one piece', async () => {
    const wire = new PassThrough();
    const bytes = new ByteStream(wire, { framing, received: () => undefined, broken: () => undefined });
    const pieces: Buffer[] = [];
    wire.removeAllListeners('data').on('data', (piece: Buffer) => pieces.push(piece));
    for (const frame of sent) bytes.send(frame);
    await turn();
    expect(pieces).toHaveLength(sent.length);
    expect(digests([Buffer.concat(pieces)])).toEqual(digests([framed(framing, sent)]));
    wire.end();
    bytes.send(sent[0]!); // has no effect any more
  });

  it('returns the frames before invalid bytes, and nothing after them', () => {
    const { wire, frames, faults } = stream(framing);
    wire.emit('data', Buffer.concat([framed(framing, [frameOf(9)]), Buffer.alloc(8, 0xff)]));
    wire.emit('data', Buffer.from(framed(framing, [frameOf(9)])));
    expect(frames).toHaveLength(1);
    expect(faults).toEqual([expect.stringMatching(/^the router violated the framing: /)]);
  });

  it('reports an end inside a frame', async () => {
    const { wire, faults } = stream(framing);
    wire.end(framed(framing, [frameOf(20)]).subarray(0, 15));
    await turn();
    await turn();
    expect(faults).toEqual(['the router disconnected inside a frame, after 15 of its bytes']);
  });

  it('counts the bytes that wait for the network', () => {
    const { bytes, wire } = stream(framing);
    wire.cork();
    bytes.send(frameOf(100));
    expect(bytes.bufferedBytes).toBeGreaterThanOrEqual(100);
  });
});
