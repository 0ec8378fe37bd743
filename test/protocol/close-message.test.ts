import { describe, expect, it } from '@jest/globals';
import { closeFrame, isCloseFrame, isCloseMessage } from '../../src/protocol/close-message.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { ErrorMessage } from '../../src/protocol/messages/message.js';
import { toHex } from '../support/hex.js';

const error = (code: number, more: Partial<ErrorMessage> = {}): ErrorMessage => ({
  type: 'error',
  code,
  message: 'any text',
  ...more,
});

describe('the close message', () => {
  it('is an ERROR 1000 of 16 bytes, which every CLASP decoder reads and every router ignores from a client', () => {
    expect(toHex(closeFrame())).toBe('5301000c5103e80006636c6f73656400');
    expect(decodeFrame(closeFrame()).message).toMatchObject({ type: 'error', code: 1000, message: 'closed' });
  });

  it('is identified by its code alone, in each encoding, and concerns no address', () => {
    for (const encoding of ['binary', 'cbor'] as const) {
      expect(isCloseFrame(encodeFrame(error(1000), { encoding }))).toBe(true);
      expect(isCloseFrame(encodeFrame(error(501), { encoding }))).toBe(false);
      expect(isCloseFrame(encodeFrame(error(1000, { address: '/a' }), { encoding }))).toBe(false);
    }
    expect(isCloseMessage({ type: 'ping' })).toBe(false);
  });

  it('is not found in invalid frames, nor in more than 256 bytes', () => {
    expect(isCloseFrame(Uint8Array.of())).toBe(false);
    expect(isCloseFrame(closeFrame().subarray(0, 10))).toBe(false);
    expect(isCloseFrame(encodeFrame(error(1000, { message: 'x'.repeat(300) })))).toBe(false);
  });
});
