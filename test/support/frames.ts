import { createHash } from 'node:crypto';
import { type Framing, framingLength, writeFraming } from '../../src/protocol/framing.js';

/**
 * A frame of exactly `length` bytes (4 to 65,547) whose payload begins with `number`; codecs need not understand it.
 */
export function frameOf(length: number, number = 0): Uint8Array {
  const timestamped = length > 65_539;
  const header = timestamped ? 12 : 4;
  const frame = new Uint8Array(length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x53;
  frame[1] = timestamped ? 0x21 : 0x01;
  view.setUint16(2, length - header);
  if (length >= header + 4) view.setUint32(header, number);
  return frame;
}

/** Returns the number passed to `frameOf`. */
export function numberOf(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return view.getUint32((frame[1]! & 0x20) !== 0 ? 12 : 4);
}

/** Concatenates frames, each with the framing of this link, for `write`. */
export function framed(framing: Framing, frames: readonly Uint8Array[]): Uint8Array {
  const total = frames.reduce((sum, { length }) => sum + framingLength(framing, length) + length, 0);
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const frame of frames) {
    writeFraming(framing, bytes, at, frame.length, false);
    at += framingLength(framing, frame.length);
    bytes.set(frame, at);
    at += frame.length;
  }
  return bytes;
}

/** Returns length and digest: comparing megabytes element by element is slow, and its difference unreadable. */
export function digests(frames: readonly (Uint8Array | string)[]): string[] {
  return frames.map((frame) => `${frame.length} ${createHash('sha1').update(frame).digest('hex')}`);
}
