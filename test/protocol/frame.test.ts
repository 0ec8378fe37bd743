import { describe, expect, it } from '@jest/globals';
import { Writer } from '../../src/protocol/bytes/writer.js';
import { Qos, signalTypes } from '../../src/protocol/enumerations.js';
import { EncodeError } from '../../src/protocol/errors.js';
import {
  decodeFrame,
  encodeFrame,
  frameLength,
  readFrameHeader,
  writeFrame,
  writePayloadLength,
} from '../../src/protocol/frame.js';
import { defaultQos } from '../../src/protocol/messages/index.js';
import { MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES } from '../../src/protocol/limits.js';
import type { Message, MessageType } from '../../src/protocol/messages/message.js';
import { encodedNull, encodeValue } from '../../src/protocol/values/encoded-value.js';
import { fromHex, toHex } from '../support/hex.js';

describe('frameLength', () => {
  it.each([
    ['', undefined],
    ['53', undefined],
    ['530100', undefined],
    ['53010000', 4],
    ['53010001', 5], // the payload can be missing
    ['5301ffff', 65_539],
    ['53210000', undefined],
    ['5321000000000000000000', undefined],
    ['532100000000000000000000', 12],
    ['5321ffff0000000000000000', MAX_FRAME_BYTES],
  ])('of %j is %s', (hex, length) => {
    const bytes = fromHex(hex);
    expect(frameLength(bytes, 0, bytes.length)).toBe(length);
  });

  it.each(['00', '52010000', 'ff'])('rejects %s at its first byte', (hex) => {
    const bytes = fromHex(hex);
    expect(() => frameLength(bytes, 0, bytes.length)).toThrow(expect.objectContaining({ fault: 'BadMagic' }));
  });

  it('reads only between start and end', () => {
    const bytes = fromHex('ffff53010001ff');
    expect(frameLength(bytes, 2, 6)).toBe(5);
    expect(frameLength(bytes, 2, 5)).toBeUndefined();
    expect(frameLength(bytes, 2, 2)).toBeUndefined();
  });
});

describe('readFrameHeader', () => {
  it('returns the position of the payload', () => {
    expect(readFrameHeader(fromHex('00 53a20002000000000000000121aa ffff'), 1)).toEqual({
      qos: Qos.Commit,
      timestamp: 1,
      encodingBits: 2,
      payloadStart: 13,
      payloadEnd: 15,
    });
  });

  it('accepts a frame that ends exactly at its limit', () => {
    const bytes = fromHex('530100014153');
    expect(readFrameHeader(bytes, 0, 5).payloadEnd).toBe(5);
    expect(() => readFrameHeader(bytes, 0, 4)).toThrow(expect.objectContaining({ fault: 'TruncatedFrame' }));
  });

  it.each([0x08, 0x10, 0x18])('rejects flag bits %i', (bits) => {
    expect(() => readFrameHeader(Uint8Array.of(0x53, 0x01 | bits, 0, 1, 0x41))).toThrow(
      expect.objectContaining({ fault: 'UnsupportedFlags', code: 100 }),
    );
  });
});

describe('writeFrame', () => {
  it('appends, and leaves the writer unchanged if the message cannot be encoded', () => {
    const w = new Writer(4);
    writeFrame(w, { type: 'ping' });
    writeFrame(w, { type: 'pong' }, { qos: Qos.Confirm, timestamp: 2 });
    const before = toHex(w.view());
    expect(before).toBe('5301000141' + '53610001' + '0000000000000002' + '42');
    const tooLarge: Message = { type: 'query', pattern: 'x'.repeat(MAX_PAYLOAD_BYTES) };
    expect(() => writeFrame(w, tooLarge)).toThrow(EncodeError);
    expect(toHex(w.view())).toBe(before);
  });

  it('fills a payload to its last byte', () => {
    const longest = encodeFrame({ type: 'get', address: 'x'.repeat(MAX_PAYLOAD_BYTES - 3) });
    expect(longest).toHaveLength(MAX_PAYLOAD_BYTES + 4);
    expect(decodeFrame(longest).message).toMatchObject({ type: 'get' });
    expect(() => encodeFrame({ type: 'get', address: 'x'.repeat(MAX_PAYLOAD_BYTES - 2) })).toThrow(
      expect.objectContaining({ fault: 'PayloadTooLarge' }),
    );
  });
});

describe('writePayloadLength', () => {
  it('writes two bytes', () => {
    const bytes = new Uint8Array(6).fill(0xee);
    writePayloadLength(bytes, 1, 0x1234);
    expect(toHex(bytes)).toBe('eeeeee1234ee');
    expect(() => writePayloadLength(bytes, 1, 65_536)).toThrow(expect.objectContaining({ fault: 'PayloadTooLarge' }));
  });
});

/** A message of each type but PUBLISH, with the QoS of wire.md 7.2. */
const defaults: Readonly<Record<Exclude<MessageType, 'publish'>, readonly [Message, Qos]>> = {
  hello: [{ type: 'hello', version: 1, name: '', features: [] }, Qos.Fire],
  welcome: [{ type: 'welcome', version: 1, session: '', name: '', features: [], time: 0 }, Qos.Fire],
  announce: [{ type: 'announce', namespace: '', signals: [] }, Qos.Fire],
  federationSync: [{ type: 'federationSync', op: 'requestSync', patterns: [], revisions: new Map() }, Qos.Confirm],
  subscribe: [{ type: 'subscribe', id: 1, pattern: '/**' }, Qos.Confirm],
  unsubscribe: [{ type: 'unsubscribe', id: 1 }, Qos.Confirm],
  set: [{ type: 'set', address: '/a', value: encodedNull }, Qos.Confirm],
  get: [{ type: 'get', address: '/a' }, Qos.Fire],
  snapshot: [{ type: 'snapshot', params: [] }, Qos.Fire],
  replay: [{ type: 'replay', pattern: '/**' }, Qos.Confirm],
  bundle: [{ type: 'bundle', messages: [] }, Qos.Commit],
  sync: [{ type: 'sync', t1: 0 }, Qos.Fire],
  ping: [{ type: 'ping' }, Qos.Fire],
  pong: [{ type: 'pong' }, Qos.Fire],
  ack: [{ type: 'ack' }, Qos.Fire],
  error: [{ type: 'error', code: 100, message: '' }, Qos.Fire],
  query: [{ type: 'query', pattern: '/**' }, Qos.Fire],
  result: [{ type: 'result', signals: [] }, Qos.Fire],
};

describe('defaultQos', () => {
  it.each(Object.entries(defaults))('of %s', (_, [message, qos]) => {
    expect(defaultQos(message)).toBe(qos);
    expect(decodeFrame(encodeFrame(message)).qos).toBe(qos);
  });

  it('of PUBLISH goes by the signal', () => {
    const qosOf = (signal: (typeof signalTypes)[number] | undefined): Qos =>
      defaultQos({ type: 'publish', address: '/a', signal, value: encodeValue(1) });
    const { Confirm, Fire, Commit } = Qos;
    expect(signalTypes.map(qosOf)).toEqual([Confirm, Confirm, Fire, Fire, Commit]);
    expect(qosOf(undefined)).toBe(Fire);
  });
});
