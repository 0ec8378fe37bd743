import { describe, expect, it } from '@jest/globals';
import { encodeFor } from '../../src/client/encode.js';
import { linkTo } from '../../src/client/node.js';
import { decodeJson, MAX_JSON_TEXT } from '../../src/protocol/encodings/json.js';
import { decodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { setTo } from './scripted-router.js';

const link = linkTo('ws://host');
const message: Message = setTo('/a', 1, 2);

describe('the encoding for a link', () => {
  it.each(['binary', 'cbor'] as const)('is a frame in %s, with the requested QoS or the message’s own', (encoding) => {
    // Invariant: not JSON.
    const decoded = (qos?: 0 | 2) => decodeFrame(encodeFor(link, encoding, message, qos) as Uint8Array);
    expect(decoded(0)).toMatchObject({ encoding, qos: 0, message: { type: 'set', address: '/a', revision: 2 } });
    expect(decoded(2).qos).toBe(2);
    expect(decoded().qos).toBe(1);
  });

  it('is a string in JSON, with its QoS', () => {
    // Invariant: not bytes.
    const decoded = (qos?: 0 | 2) => decodeJson(encodeFor(link, 'json', message, qos) as string);
    expect(decoded(0)).toMatchObject({
      encoding: 'json',
      qos: 0,
      message: { type: 'set', address: '/a', revision: 2 },
    });
    expect(decoded(2).qos).toBe(2);
    expect(decoded().qos).toBe(1);
  });

  it('in JSON has at most 262,144 bytes, as UTF-8 and with its QoS', () => {
    const text = encodeFor(link, 'json', setTo('/a', '', 1), 1) as string; // invariant: not bytes
    const room = MAX_JSON_TEXT - text.length;
    const length = (value: string): number => Buffer.byteLength(encodeFor(link, 'json', setTo('/a', value, 1), 1));
    // Six bytes of JSON per character: a value that fits a frame can exceed a JSON message.
    const control = '\u0001'.repeat(Math.floor(room / 6)) + 'x'.repeat(room % 6);
    expect(length(control)).toBe(MAX_JSON_TEXT);
    expect(() => length(`${control}x`)).toThrow('the JSON text is 262145 bytes; the limit is 262144');
  });
});
