import { describe, expect, it } from '@jest/globals';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import type { PublishMessage } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, plain } from '../../support/core-harness.js';
import {
  asReceived,
  cborLength,
  expectDelivered,
  expectError,
  joinAs,
  MOST,
  payloadLength,
  publishOf,
  readersOf,
  receivers,
  sendFrame,
} from '../../support/sized-messages.js';

const signals: readonly Partial<PublishMessage>[] = [
  { signal: 'param', phase: 'start' },
  { signal: 'event', phase: 'start' },
  { signal: 'stream', phase: 'start' },
  { signal: 'timeline', phase: 'start' },
  { signal: 'gesture', phase: 'start', id: 7 },
  { signal: 'gesture', phase: 'move' },
  { signal: 'gesture', phase: 'end', id: 7 },
  { signal: 'gesture', phase: 'cancel', id: 7 },
  { signal: 'stream', phase: 'start', timestamp: 5, id: 6, rate: 48_000 },
];

describe('a PUBLISH', () => {
  it.each(signals)(
    '%j whose payload is 65,535 bytes is delivered, and a CBOR reader receives the numbers',
    (fields) => {
      const harness = new CoreHarness();
      const readers = readersOf(harness);
      const sender = harness.join();
      const message = publishOf(MOST, fields);
      expect(encodeFrame(message, { timestamp: 1 })).toHaveLength(65_547);
      sendFrame(sender, asReceived(message));
      expect(sender.read()).toEqual([]);
      expectDelivered(readers, message, cborLength(message));
    },
  );

  it.each(signals)(
    '%j whose payload would be 65,536 bytes is ERROR 402 with the numbers, and reaches no reader',
    (fields) => {
      const harness = new CoreHarness();
      const readers = readersOf(harness);
      const sender = joinAs(harness, 'json');
      const largest = publishOf(MOST, fields);
      const text = largest.value?.decode() as string; // as publishOf creates it
      const message = { ...largest, value: encodeValue(`${text}x`) };
      expect(() => payloadLength(message)).toThrow('the payload is 65536 bytes; the limit is 65535');
      sendFrame(sender, asReceived(message, 'json'));
      expectError(sender.read(), { code: 402, address: '/a' }, 65_536, MOST);
      for (const reader of readers.values()) expect(reader.read()).toEqual([]);
    },
  );

  it('of samples is delivered up to 65,535 bytes, and refused with the numbers above', () => {
    const harness = new CoreHarness();
    const readers = readersOf(harness);
    const sender = harness.join();
    const message: PublishMessage = {
      type: 'publish',
      address: '/samples',
      signal: 'stream',
      samples: new Array<number>(8_190).fill(0.5),
      phase: 'start',
    };
    expect(payloadLength(message)).toBe(MOST);
    sendFrame(sender, asReceived(message));
    for (const [receiver, reader] of readers) {
      if (receiver === 'cbor') expect(reader.read()).toMatchObject([{ type: 'error', code: 500, address: '/samples' }]);
      else expect(plain(reader.read())).toEqual([message]);
    }
    sender.send({ ...message, address: '/samples1' });
    expectError(sender.read(), { code: 402, address: '/samples1' }, 65_536, MOST);
  });

  it('whose narrow numbers become too large when widened is ERROR 402 with the numbers', () => {
    const harness = new CoreHarness();
    const readers = readersOf(harness);
    const sender = harness.join();
    const int8s = Buffer.alloc(2 * 10_000, Uint8Array.of(0x02, 5)); // 20,000 bytes that become 90,000
    const payload = Buffer.concat([Buffer.from('202000022f61010a2710', 'hex'), int8s]);
    const header = Buffer.from([0x53, 0x01, payload.length >>> 8, payload.length & 0xff]);
    sendFrame(sender, decodeFrame(Buffer.concat([header, payload])));
    expectError(sender.read(), { code: 402, address: '/a' }, 90_002, MOST);
    for (const reader of readers.values()) expect(reader.read()).toEqual([]);
  });

  it('that its sender’s own encoding cannot carry is no ERROR for the sender, who would not receive it', () => {
    const harness = new CoreHarness();
    const [sender, other] = [harness.join('sender', 'cbor'), harness.join('other', 'cbor')];
    for (const peer of [sender, other]) peer.subscribe(1, '/**');
    sender.send(publishOf(MOST));
    expect(sender.read()).toEqual([]);
    expect(other.read()).toMatchObject([{ type: 'error', code: 500 }]);
  });

  it('to a peer’s own address is delivered only to it, up to 65,535 bytes', () => {
    const harness = new CoreHarness();
    const sender = harness.join();
    for (const receiver of receivers) {
      const target = joinAs(harness, receiver);
      const address = `/clasp/p2p/signal/${target.id}`;
      const message = publishOf(MOST, { address, phase: 'start' });
      sender.send(message);
      if (receiver === 'cbor') expectError(target.read(), { code: 500, address }, cborLength(message), MOST);
      else expect(plain(target.read())).toEqual(plain([message]));
      expect(sender.read()).toEqual([]);
    }
  });

  it('that is delayed is delivered entirely: a gesture move, a paced stream, a last timeline', () => {
    const harness = new CoreHarness({ maxTimelines: 1 });
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**', { maxRate: 10 });
    for (const fields of [
      { signal: 'gesture', phase: 'move', id: 1 },
      { signal: 'stream', phase: 'start' },
    ] as const) {
      sender.publish('/a', fields.signal, 0, fields);
      reader.read();
      const message = publishOf(MOST, fields);
      sender.send(message);
      expect(reader.read()).toEqual([]);
      harness.advance(1);
      expect(plain(reader.read())).toEqual(plain([message]));
    }
    const timeline = publishOf(MOST, { signal: 'timeline', phase: 'start' });
    sender.send(timeline);
    const late = harness.join();
    late.subscribe(1, '/**');
    expect(plain(late.read())).toEqual(plain([timeline]));
  });
});

describe('samples that a window collects for a peer with datagrams', () => {
  it.each(['binary', 'cbor'] as const)('do not exceed the capacity of a %s datagram', (encoding) => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join('reader', encoding, { maxFrameBytes: 1_400 })];
    reader.subscribe(1, '/**', { window: 100 });
    for (let i = 0; i < 500; i++) {
      sender.publish('/stream', 'stream', i, { timestamp: harness.nowMicros, id: 9, rate: 48_000 });
    }
    harness.advance(1);
    const frames = reader.readFrames();
    expect(frames.flatMap(({ message }) => (message.type === 'publish' ? message.samples : []))).toEqual(
      Array.from({ length: 500 }, (_, i) => i),
    );
    for (const { length } of frames) expect(length).toBeLessThanOrEqual(1_400);
  });
});
