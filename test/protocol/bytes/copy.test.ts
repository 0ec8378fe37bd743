import { describe, expect, it } from '@jest/globals';
import { copyBytes } from '../../../src/protocol/bytes/copy.js';
import { TextCache } from '../../../src/protocol/bytes/text-cache.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';

// What comes off a socket is a Buffer, and Buffer.prototype.slice gives a view where Uint8Array's gives a copy.
describe('a copy out of a Buffer is one', () => {
  it('by copyBytes', () => {
    const buffer = Buffer.from('received');
    const copy = copyBytes(buffer, 2, 5);
    buffer.fill(0);
    expect(Buffer.from(copy).toString()).toBe('cei');
    expect(copy.buffer.byteLength).toBe(3);
  });

  it('of a value, and of the bytes inside one', () => {
    const buffer = Buffer.from(encodeFrame({ type: 'set', address: '/a', value: encodeValue(Uint8Array.of(1, 2, 3)) }));
    const { message } = decodeFrame(buffer);
    if (message.type !== 'set') throw new Error('not a SET');
    const [copy, built] = [message.value.copy(), message.value.decode()];
    buffer.fill(0);
    expect(copy.decode()).toEqual(Uint8Array.of(1, 2, 3));
    expect(built).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('of an address that is remembered', () => {
    const buffer = Buffer.from('/a/address');
    const texts = new TextCache();
    texts.decode(buffer, 0, buffer.length);
    buffer.write('/b/address');
    expect(texts.decode(buffer, 0, buffer.length)).toBe('/b/address');
    expect(texts.decode(Buffer.from('/a/address'), 0, buffer.length)).toBe('/a/address');
  });
});
