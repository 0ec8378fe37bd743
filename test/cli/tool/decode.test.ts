import { describe, expect, it } from '@jest/globals';
import { encodeJson } from '../../../src/protocol/encodings/json.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { concat, fromHex, toHex } from '../../support/hex.js';
import { binaryVectorFiles, readVectors } from '../../support/vectors.js';
import { runHere } from './run-here.js';

const set: Message = { type: 'set', address: '/a', value: encodeValue(0.75), revision: 3 };
const ping: Message = { type: 'ping' };
const setLines = 'SET\n  address   "/a"\n  value     0.75\n  revision  3\n';
const frame = encodeFrame(set);
const counted = concat([Uint8Array.of(0, 0, 0, frame.length), frame]);

describe('clasp-router decode', () => {
  it.each([
    ['a frame', [frame], `frame of 26 bytes, QoS 1 (confirm), binary\n${setLines}`],
    [
      'a frame with its time, in CBOR',
      [encodeFrame(ping, { timestamp: 5, encoding: 'cbor', qos: 2 })],
      'frame of 23 bytes, QoS 2 (commit), timestamp 5, cbor\nPING\n',
    ],
    [
      'adjacent frames',
      [frame, encodeFrame(ping)],
      `frame of 26 bytes, QoS 1 (confirm), binary\n${setLines}frame of 5 bytes, QoS 0 (fire), binary\nPING\n`,
    ],
    [
      'frames of TCP',
      [counted, counted],
      `frame of 26 bytes, with a length prefix, QoS 1 (confirm), binary\n${setLines}`.repeat(2),
    ],
    ['a payload', [frame.subarray(4)], `payload without a frame, binary\n${setLines}`],
    [
      'a payload of CBOR',
      [encodeFrame(ping, { encoding: 'cbor' }).subarray(4)],
      'payload without a frame, cbor\nPING\n',
    ],
    // {type: 'PING'}, as legacy MessagePack clients write it
    ['a payload of MessagePack', [fromHex('81a474797065a450494e47')], 'payload without a frame, legacy\nPING\n'],
    ['a JSON text', [new TextEncoder().encode(encodeJson(set))], `text, json\n${setLines}`],
    [
      'a bundle, a message a line',
      [encodeFrame({ type: 'bundle', messages: [set, { type: 'get', address: '/b' }] })],
      'frame of 39 bytes, QoS 2 (commit), binary\nBUNDLE\n  messages\n' +
        '    {"type":"set","address":"/a","value":0.75,"revision":3}\n    {"type":"get","address":"/b"}\n',
    ],
    [
      'a name of two words',
      [encodeFrame({ type: 'federationSync', op: 'requestSync', patterns: ['/a'], revisions: new Map() })],
      'frame of 15 bytes, QoS 1 (confirm), binary\nFEDERATION_SYNC\n  op         "requestSync"\n' +
        '  patterns   ["/a"]\n  revisions  {}\n',
    ],
  ])('prints the content of %s', async (_, parts, lines) => {
    expect(await runHere(['decode', toHex(concat(parts))])).toEqual({ exitCode: 0, stdout: lines, stderr: '' });
  });

  it.each([
    [['5300', '0001 41']],
    [['0x53 0x00 0x00 0x01 0x41']],
    [['0x5300000141']],
    [['53:00:00:01:41']],
    [['53-00,00 01\n41']],
  ])('accepts any grouping of the digits: %j', async (words) => {
    expect((await runHere(['decode', ...words])).stdout).toBe('frame of 5 bytes, QoS 0 (fire), binary\nPING\n');
  });

  it('agrees with the decoder for every golden vector', async () => {
    const vectors = binaryVectorFiles
      .flatMap((file) => readVectors(file))
      .filter(({ direction }) => direction === 'both');
    expect(vectors.length).toBeGreaterThan(100);
    for (const { hex } of vectors) {
      const { exitCode, stdout } = await runHere(['decode', '--json', hex]);
      expect({ hex, exitCode }).toEqual({ hex, exitCode: 0 });
      const { message, qos } = decodeFrame(fromHex(hex));
      expect(JSON.parse(stdout)).toMatchObject({ frameBytes: hex.length / 2, qos, message: { type: message.type } });
    }
  });

  it.each([
    ['534', 'HEX has 3 digits; each byte needs two'],
    ['53zz', 'HEX must be hexadecimal digits, 0 to 9 and a to f, not "z"'],
    ['530x', 'HEX must be hexadecimal digits, 0 to 9 and a to f, not "x"'],
    ['', 'HEX is empty; there is nothing to decode'],
    ['0x', 'HEX is empty; there is nothing to decode'],
    ['99', 'no CLASP message in this byte: message type 0x99 is not assigned (UnknownMessageType)'],
    [
      '5340000541',
      'no CLASP message in these 5 bytes: the header declares a frame of 9 bytes; there are 5 (TruncatedFrame)',
    ],
    ['53', 'no CLASP message in this byte: a frame needs 4 or 12 header bytes; there are 1 (TruncatedHeader)'],
    [
      '000000095300000141',
      'no CLASP message in these 9 bytes: the length prefix states 9 bytes; there are 5 (TruncatedFrame)',
    ],
    ['7b7d', 'no CLASP message in these 2 bytes: a message must have a type, which is a string (JsonDecode)'],
    ['7bff', 'no CLASP message in these 2 bytes: it begins as a JSON text but is not UTF-8 (InvalidUtf8)'],
    [
      '41'.repeat(65_536),
      'no CLASP message in these 65536 bytes: a payload is at most 65535 bytes; these are 65536 (FrameTooLarge)',
    ],
  ])('rejects %.20s with a sentence and exit code 1', async (hex, sentence) => {
    expect(await runHere(['decode', hex])).toEqual({ exitCode: 1, stdout: '', stderr: `clasp-router: ${sentence}\n` });
  });

  it('prints the decoded messages before an error', async () => {
    expect(await runHere(['decode', '5300000141', '00'])).toEqual({
      exitCode: 1,
      stdout: 'frame of 5 bytes, QoS 0 (fire), binary\nPING\n',
      stderr: 'clasp-router: the rest cannot be decoded: a frame starts with 0x53, not 0x00 (BadMagic)\n',
    });
  });
});
