import type { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import * as ws from 'ws';
import { framingLength, writeFraming } from '../../src/protocol/framing.js';
import { toHex } from '../support/hex.js';

// The part of ws that reads a peer's bytes. ws exports it, but its types do not.
const { Receiver } = ws as unknown as { readonly Receiver: new (options: object) => Writable };

/** Headers of RFC 6455, 5.2, by payload length. */
const headers = [
  [0, '8200'],
  [1, '8201'],
  [125, '827d'],
  [126, '827e007e'],
  [65_535, '827effff'],
  [65_536, '827f0000000000010000'],
  [65_547, '827f000000000001000b'],
  [0x1234_5678, '827f0000000012345678'],
  [0xffff_ffff, '827f00000000ffffffff'],
] as const;

function header(length: number, text: boolean): Uint8Array {
  const bytes = new Uint8Array(framingLength('websocket', length) + 2).fill(0xee);
  writeFraming('websocket', bytes, 1, length, text);
  expect([bytes.at(0), bytes.at(-1)]).toEqual([0xee, 0xee]); // bytes around it are unchanged
  return bytes.subarray(1, -1);
}

describe('websocket framing', () => {
  it.each(headers)('before %i bytes', (length, hex) => {
    expect(toHex(header(length, false))).toBe(hex);
    expect(toHex(header(length, true))).toBe(hex.replace(/^82/, '81'));
  });

  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 65_547])(
    'is readable by ws as one message of %i bytes',
    async (length) => {
      const message = new Uint8Array(length).fill(0x53);
      expect(await received([header(length, false), message])).toEqual([{ bytes: toHex(message), binary: true }]);
      expect(await received([header(length, true), message])).toEqual([{ bytes: toHex(message), binary: false }]);
    },
  );

  it('separates consecutive messages for ws', async () => {
    const messages = ['a', 'b'.repeat(200), ''].map((text) => new TextEncoder().encode(text));
    const parts = messages.flatMap((message) => [header(message.length, true), message]);
    expect(await received(parts)).toEqual(messages.map((message) => ({ bytes: toHex(message), binary: false })));
  });
});

describe('length framing', () => {
  it.each([
    [4, '00000004'],
    [125, '0000007d'],
    [256, '00000100'],
    [65_547, '0001000b'],
    [0x1234_5678, '12345678'],
    [0xffff_ffff, 'ffffffff'],
  ])('writes the length of %i bytes as a big-endian u32', (length, hex) => {
    expect(framingLength('length', length)).toBe(4);
    for (const text of [false, true]) {
      const bytes = new Uint8Array(6).fill(0xee);
      writeFraming('length', bytes, 1, length, text);
      expect(toHex(bytes)).toBe(`ee${hex}ee`);
    }
  });
});

describe('raw framing', () => {
  it('writes nothing', () => {
    const bytes = new Uint8Array(12).fill(0xee);
    expect(framingLength('raw', 70_000)).toBe(0);
    writeFraming('raw', bytes, 0, 70_000, false);
    expect(bytes.every((byte) => byte === 0xee)).toBe(true);
  });
});

/** The messages that a ws client reads from the bytes. */
function received(parts: readonly Uint8Array[]): Promise<readonly { bytes: string; binary: boolean }[]> {
  const receiver = new Receiver({ isServer: false, allowSynchronousEvents: true });
  const messages: { bytes: string; binary: boolean }[] = [];
  receiver.on('message', (data: Uint8Array, binary: boolean) => messages.push({ bytes: toHex(data), binary }));
  return new Promise((resolve, reject) => {
    receiver.on('error', reject);
    receiver.on('finish', () => resolve(messages));
    for (const part of parts) receiver.write(part);
    receiver.end();
  });
}
