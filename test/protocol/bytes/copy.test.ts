import { describe, expect, it } from '@jest/globals';
import { copyBytes } from '../../../src/protocol/bytes/copy.js';
import { TextCache } from '../../../src/protocol/bytes/text-cache.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';

// A socket delivers a Buffer. Buffer.prototype.slice returns a view; Uint8Array's slice returns a copy.
describe('copies from a Buffer own their memory', () => {
  it('for copyBytes', () => {
    const buffer = Buffer.from('received');
    const copy = copyBytes(buffer, 2, 5);
    buffer.fill(0);
    expect(Buffer.from(copy).toString()).toBe('cei');
    expect(copy.buffer.byteLength).toBe(3);
  });

  it('for a value and the bytes inside it', () => {
    const buffer = Buffer.from(encodeFrame({ type: 'set', address: '/a', value: encodeValue(Uint8Array.of(1, 2, 3)) }));
    const { message } = decodeFrame(buffer);
    if (message.type !== 'set') throw new Error('not a SET');
    const [copy, built] = [message.value.copy(), message.value.decode()];
    buffer.fill(0);
    expect(copy.decode()).toEqual(Uint8Array.of(1, 2, 3));
    expect(built).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('for a cached address', () => {
    const buffer = Buffer.from('/a/address');
    const texts = new TextCache();
    texts.decode(buffer, 0, buffer.length);
    buffer.write('/b/address');
    expect(texts.decode(buffer, 0, buffer.length)).toBe('/b/address');
    expect(texts.decode(Buffer.from('/a/address'), 0, buffer.length)).toBe('/a/address');
  });
});
