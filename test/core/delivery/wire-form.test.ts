import { describe, expect, it } from '@jest/globals';
import { FrameWriter } from '../../../src/core/delivery/frame-writer.js';
import { wireForm, wireForms } from '../../../src/core/delivery/wire-form.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import { LengthDeframer } from '../../../src/protocol/length-deframer.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { comparable } from '../../support/comparable.js';
import { toHex } from '../../support/hex.js';

const encodings = ['binary', 'cbor', 'json'] as const;

describe('wireForm', () => {
  it.each(['websocket', 'raw', 'length'] as const)('has one form per encoding on a %s link', (framing) => {
    const forms = encodings.map((encoding) => wireForm(framing, encoding));
    for (const form of forms) {
      expect(form.framing).toBe(framing);
      expect(wireForms[form.index]).toBe(form);
    }
    const json = framing === 'websocket' ? 'json' : 'binary'; // only there can text be distinguished from frames
    expect(forms.map(({ encoding }) => encoding)).toEqual(['binary', 'cbor', json]);
  });
});

describe('a writer of a length link', () => {
  const messages: readonly Message[] = [
    { type: 'ping' },
    { type: 'set', address: '/a', value: encodeValue('x'.repeat(200)) }, // a WebSocket header would grow here
    { type: 'set', address: '/b', value: encodeValue('y'.repeat(60_000)) },
  ];

  it('writes messages as a TCP client reads them', () => {
    const lane = new FrameWriter(wireForm('length', 'binary'));
    const deframer = new LengthDeframer();
    const frames = messages.flatMap((message) => {
      lane.write(message);
      return deframer.push(lane.bytes.slice(lane.start, lane.end));
    });
    expect(frames.map(toHex)).toEqual(messages.map((message) => toHex(encodeFrame(message))));
    expect(deframer.pendingBytes).toBe(0);
  });

  it('writes CBOR too', () => {
    const lane = new FrameWriter(wireForm('length', 'cbor'));
    lane.write(messages[1]!);
    const [frame] = new LengthDeframer().push(lane.bytes.slice(lane.start, lane.end));
    const decoded = decodeFrame(frame!);
    expect(decoded.encoding).toBe('cbor');
    expect(comparable(decoded.message)).toEqual(comparable(messages[1]));
  });
});
