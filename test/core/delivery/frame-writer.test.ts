import { describe, expect, it } from '@jest/globals';
import { FrameWriter } from '../../../src/core/delivery/frame-writer.js';
import { wireForm } from '../../../src/core/delivery/wire-form.js';
import { decodeJson } from '../../../src/protocol/encodings/json.js';
import { EncodeError } from '../../../src/protocol/errors.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import type { SetMessage } from '../../../src/protocol/messages/message.js';
import { plain } from '../../support/core-harness.js';

const set = (length: number): SetMessage => ({ type: 'set', address: '/a', value: encodeValue('x'.repeat(length)) });
const written = (lane: FrameWriter): Uint8Array => lane.bytes.slice(lane.start, lane.end);

describe('FrameWriter', () => {
  it('writes raw frames as the codec does, each directly after the previous one', () => {
    const lane = new FrameWriter(wireForm('raw', 'binary'));
    let end = 0;
    for (const length of [0, 1, 200, 3]) {
      lane.write(set(length));
      expect(written(lane)).toEqual(encodeFrame(set(length)));
      expect(lane.start).toBe(end);
      end = lane.end;
    }
  });

  // A WebSocket length takes 2, 4 or 10 bytes; 125 | 126 and 65,535 | 65,536 are where it grows. SET /a adds 12 to the
  // string.
  it.each([
    [113, 0x7d, 2],
    [114, 126, 4],
    [65_523, 126, 4],
    [65_524, 127, 10],
    [65_527, 127, 10],
  ])('writes the correct WebSocket header before a string of %i bytes', (length, second, header) => {
    const lane = new FrameWriter(wireForm('websocket', 'binary'));
    lane.write(set(1));
    const before = written(lane);
    const previousEnd = lane.end;
    const previousBytes = lane.bytes;
    lane.write(set(length));
    const bytes = written(lane);
    expect([bytes[0], bytes[1]]).toEqual([0x82, second]);
    expect(bytes.slice(header)).toEqual(encodeFrame(set(length)));
    const claimed =
      header === 2
        ? bytes[1]!
        : new DataView(bytes.buffer).getUint16(header === 4 ? 2 : 8) + (header === 10 ? 65_536 : 0);
    expect(claimed).toBe(bytes.length - header);
    expect(previousBytes.slice(previousEnd - before.length, previousEnd)).toEqual(before);
  });

  it('writes a SET with its new revision', () => {
    for (const encoding of ['binary', 'cbor'] as const) {
      const lane = new FrameWriter(wireForm('raw', encoding));
      lane.writeSet({ ...set(1), revision: 1 }, 7);
      expect(plain([decodeFrame(written(lane)).message])).toEqual([
        { type: 'set', address: '/a', value: 'x', revision: 7 },
      ]);
    }
  });

  it.each([
    ['/a', 1],
    ['/ünïcode/😀', 0x1_0000_0007],
    [`/${'x'.repeat(1_023)}`, 2n ** 64n - 1n],
  ])('writes the ACK of a SET at %s as the codec does', (address, revision) => {
    const message: SetMessage = { type: 'set', address, value: encodeValue(0.5) };
    const { message: received } = decodeFrame(encodeFrame(message));
    for (const set of [message, received as SetMessage]) {
      for (const encoding of ['binary', 'cbor'] as const) {
        const lane = new FrameWriter(wireForm('raw', encoding));
        lane.writeAck(set, revision);
        expect(written(lane)).toEqual(encodeFrame({ type: 'ack', address, revision }, { encoding }));
      }
    }
  });

  it('writes JSON as a text message', () => {
    const lane = new FrameWriter(wireForm('websocket', 'json'));
    lane.write({ type: 'ack', address: '/é', revision: 3 });
    const bytes = written(lane);
    expect([bytes[0], bytes[1]]).toEqual([0x81, bytes.length - 2]);
    expect(plain([decodeJson(new TextDecoder().decode(bytes.slice(2))).message])).toEqual([
      { type: 'ack', address: '/é', revision: 3 },
    ]);
  });

  it('leaves no trace of a message that does not fit', () => {
    const lane = new FrameWriter(wireForm('websocket', 'binary'));
    lane.write(set(1));
    const end = lane.end;
    expect(() => lane.write(set(65_530))).toThrow(EncodeError);
    lane.write(set(2));
    expect(lane.start).toBe(end);
    expect(written(lane).slice(2)).toEqual(encodeFrame(set(2)));
  });

  it('continues in a new slab when one is full, and never changes written bytes', () => {
    const lane = new FrameWriter(wireForm('raw', 'binary'));
    const kept: { bytes: Uint8Array; start: number; end: number; length: number }[] = [];
    for (let i = 0; i < 100; i++) {
      const length = 40_000 + i;
      lane.write(set(length));
      kept.push({ bytes: lane.bytes, start: lane.start, end: lane.end, length });
    }
    expect(new Set(kept.map(({ bytes }) => bytes)).size).toBeGreaterThan(3);
    for (const { bytes, start, end, length } of kept) {
      expect(Buffer.compare(bytes.subarray(start, end), encodeFrame(set(length)))).toBe(0);
    }
  });
});
