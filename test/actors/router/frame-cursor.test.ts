import { describe, expect, it } from '@jest/globals';
import { FrameCursor } from '../../../src/actors/router/frame-cursor.js';
import { encodeFrame } from '../../../src/protocol/frame.js';
import { LENGTH_BYTES } from '../../../src/protocol/framing.js';
import { FrameRun } from '../../../src/protocol/frame-run.js';
import type { InboundItem } from '../../../src/protocol/inbound.js';
import { CoreHarness } from '../../support/core-harness.js';
import { framed } from '../../support/frames.js';

const { session } = new CoreHarness().connect();
const ping = encodeFrame({ type: 'ping' });
const get = encodeFrame({ type: 'get', address: '/a' });
const frame: InboundItem = { message: { type: 'pong' }, qos: 0, encoding: 'json' };
const run = (...frames: readonly Uint8Array[]): FrameRun =>
  new FrameRun(Uint8Array.from(frames.flatMap((bytes) => [...bytes])), frames.length);

/** The same on a link with a prefix before each frame. */
const prefixed = (...frames: readonly Uint8Array[]): FrameRun =>
  new FrameRun(framed('length', frames).subarray(LENGTH_BYTES), frames.length, LENGTH_BYTES);

/** Reads a batch to its end. Before each frame it continues from the position, as a deferred batch does. */
function read(frames: readonly InboundItem[]): readonly string[] {
  const types: string[] = [];
  let position: { readonly next: number; readonly offset: number } | undefined = { next: 0, offset: 0 };
  while (position !== undefined) {
    const cursor: FrameCursor = new FrameCursor({ session, frames, receivedMicros: 0, ...position });
    if (cursor.next()) types.push(cursor.decoded().message.type);
    position = cursor.position;
  }
  return types;
}

describe('the frame cursor', () => {
  it.each<[string, readonly InboundItem[], readonly string[]]>([
    ['nothing', [], []],
    ['decoded frames', [frame, frame], ['pong', 'pong']],
    ['a run', [run(ping, get, ping)], ['ping', 'get', 'ping']],
    ['a run with prefixes', [prefixed(ping, get, ping), prefixed(get)], ['ping', 'get', 'ping', 'get']],
    ['both', [frame, run(get, ping), frame, run(ping)], ['pong', 'get', 'ping', 'pong', 'ping']],
  ])('continues anywhere in %s', (_, items, types) => {
    expect(read(items)).toEqual(types);
    const cursor = new FrameCursor({ session, frames: items, receivedMicros: 0 });
    const whole: string[] = [];
    while (cursor.next()) whole.push(cursor.decoded().message.type);
    expect(whole).toEqual(types);
    expect(cursor.position).toBeUndefined();
  });
});
