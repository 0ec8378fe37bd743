import { describe, expect, it } from '@jest/globals';
import { encodeFrame } from '../../src/protocol/frame.js';
import {
  BINARY_BITS,
  CBOR_BITS,
  ENCODING_BITS,
  HEADER_BYTES,
  hasTimestamp,
  headerLength,
  MAGIC,
  TIMESTAMPED_HEADER_BYTES,
} from '../../src/protocol/header.js';

const plain = encodeFrame({ type: 'ping' });
const timestamped = encodeFrame({ type: 'ping' }, { timestamp: 1 });

describe('the frame header', () => {
  it('starts with the magic byte, followed by the encoding bits in the flags', () => {
    expect([plain[0], plain[1]! & ENCODING_BITS]).toEqual([MAGIC, BINARY_BITS]);
    expect(encodeFrame({ type: 'ping' }, { encoding: 'cbor' })[1]! & ENCODING_BITS).toBe(CBOR_BITS);
  });

  it('is eight bytes longer with a timestamp, as its flags state', () => {
    expect([plain, timestamped].map((frame) => headerLength(frame[1]!))).toEqual([
      HEADER_BYTES,
      TIMESTAMPED_HEADER_BYTES,
    ]);
    expect([plain, timestamped].map((frame) => frame.length - headerLength(frame[1]!))).toEqual([1, 1]);
    expect([plain, timestamped].map((frame) => hasTimestamp(frame))).toEqual([false, true]);
  });

  it('is found at any position', () => {
    expect(hasTimestamp(Uint8Array.from([...plain, ...timestamped]), plain.length)).toBe(true);
  });
});
