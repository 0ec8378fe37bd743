import type { Writable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as ws from 'ws';
import { FrameRun, singly } from '../../src/protocol/frame-run.js';
import { closeCodeOf, OPCODE_CLOSE, OPCODE_PING } from '../../src/transports/websocket/control-frames.js';
import { FrameScanner } from '../../src/transports/websocket/frame-scanner.js';
import { LeanReader } from '../../src/transports/websocket/lean-reader.js';

/** The reader of `ws`, which is exported but not in its types. */
const Receiver = Reflect.get(ws, 'Receiver') as new (options: object) => Writable;

interface FrameParts {
  readonly first: number;
  readonly payload: Uint8Array;
  readonly mask: Uint8Array | undefined;
  /** Writes the length in eight bytes even if fewer suffice. */
  readonly isWide?: boolean;
}

function frame({ first, payload, mask, isWide = false }: FrameParts): Buffer {
  const length = payload.length;
  const extended = isWide ? 8 : length > 125 ? 2 : 0;
  const head = Buffer.alloc(2 + extended);
  head[0] = first;
  head[1] = (mask === undefined ? 0 : 0x80) | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  const masked = Buffer.from(mask === undefined ? payload : payload.map((byte, i) => byte ^ mask[i % 4]!));
  return Buffer.concat([head, mask ?? Buffer.alloc(0), masked]);
}

/** Output of a reader, in order. */
type Event = readonly [kind: string, content: unknown];

function listenTo(receiver: Writable, events: Event[]): void {
  for (const kind of ['message', 'ping', 'pong']) {
    receiver.on(kind, (data: Buffer, isBinary?: boolean) => {
      events.push([kind, `${String(isBinary)} ${data.toString('hex')}`]);
    });
  }
  receiver.on('conclude', (code: number) => events.push(['conclude', code]));
  receiver.on('error', (error: Error & { code?: string }) => events.push(['error', error.code]));
}

function newReceiver(): Writable {
  return new Receiver({ isServer: true, maxPayload: 2_000, skipUTF8Validation: false });
}

async function throughWs(chunks: readonly Buffer[]): Promise<Event[]> {
  const events: Event[] = [];
  const receiver = newReceiver();
  listenTo(receiver, events);
  for (const chunk of chunks) if (!isOver(events)) receiver.write(chunk);
  await new Promise((resolve) => setImmediate(resolve));
  return events;
}

/** @param control whether the reader handles control frames too */
async function throughBoth(
  chunks: readonly Buffer[],
  scanner: FrameScanner | undefined,
  control = false,
): Promise<Event[]> {
  const events: Event[] = [];
  const receiver = newReceiver();
  listenTo(receiver, events);
  const reader = new LeanReader({
    maxFrameBytes: 1_000,
    scanner,
    onMessages: (messages) => {
      for (const one of singly<Uint8Array>([messages])) {
        events.push(['message', `true ${Buffer.from(one).toString('hex')}`]);
      }
    },
    leave: (bytes) => {
      isLeft = true;
      if (!isOver(events)) receiver.write(bytes);
    },
    onControl: control
      ? (opcode, payload) => {
          if (isLeft) return false; // from then on, `ws` handles all other frames
          events.push(controlEvent(opcode, payload));
          return true;
        }
      : undefined,
  });
  let isLeft = false;
  for (const chunk of chunks) {
    if (isOver(events)) break; // `ws` removes the listener
    reader.push(Buffer.from(chunk)); // the reader unmasks in place
  }
  await new Promise((resolve) => setImmediate(resolve));
  return events;
}

function controlEvent(opcode: number, payload: Buffer): Event {
  if (opcode === OPCODE_CLOSE) return ['conclude', closeCodeOf(payload)];
  return [opcode === OPCODE_PING ? 'ping' : 'pong', `undefined ${payload.toString('hex')}`];
}

function isOver(events: readonly Event[]): boolean {
  return events.some(([kind]) => kind === 'conclude' || kind === 'error');
}

/** Returns the output up to the end of a chunk or of the connection. Later output of the same read can differ. */
function upToEnd(events: readonly Event[]): Event[] {
  const end = events.findIndex(([kind]) => kind === 'conclude' || kind === 'error');
  return events.slice(0, end < 0 ? events.length : end + 1);
}

const mask = fc.uint8Array({ minLength: 4, maxLength: 4 });
const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 120, maxLength: 300 }));
const text = fc.string({ maxLength: 20 }).map((one) => new TextEncoder().encode(one));

const binary = fc
  .record({ payload: bytes, mask, isWide: fc.boolean() })
  .map((parts) => [frame({ first: 0x82, ...parts })]);
/** CLASP frames, and similar bytes: with a timestamp, with a byte too many or too few. */
const clasp = fc
  .record({ body: bytes, mask, flags: fc.constantFrom(0x01, 0x41, 0x21), lie: fc.constantFrom(0, 0, 0, 0, 1, -1) })
  .map(({ body, mask: key, flags, lie }) => {
    const length = Math.max(body.length + lie, 0);
    const payload = Uint8Array.from([0x53, flags, length >> 8, length & 0xff, ...body]);
    return [frame({ first: 0x82, payload, mask: key })];
  });
const common = fc.oneof(
  fc.record({ payload: bytes, mask }).map((parts) => [frame({ first: 0x82, ...parts })]),
  { arbitrary: clasp, weight: 4 },
);
const others = fc.oneof(
  fc.record({ payload: text, mask }).map((parts) => [frame({ first: 0x81, ...parts })]),
  fc.record({ payload: fc.uint8Array({ maxLength: 10 }), mask }).map((parts) => [frame({ first: 0x89, ...parts })]),
  fc.record({ payload: fc.uint8Array({ maxLength: 10 }), mask }).map((parts) => [frame({ first: 0x8a, ...parts })]),
  // A message in three fragments with a ping between them.
  fc
    .record({ a: bytes, b: bytes, c: bytes, mask })
    .map((parts) => [
      frame({ first: 0x02, payload: parts.a, mask: parts.mask }),
      frame({ first: 0x89, payload: Uint8Array.of(1), mask: parts.mask }),
      frame({ first: 0x00, payload: parts.b, mask: parts.mask }),
      frame({ first: 0x80, payload: parts.c, mask: parts.mask }),
    ]),
  fc
    .record({ payload: fc.uint8Array({ minLength: 990, maxLength: 1_010 }), mask })
    .map((parts) => [frame({ first: 0x82, ...parts })]),
);
const wrong = fc.oneof(
  fc.record({ payload: bytes }).map(({ payload }) => [frame({ first: 0x82, payload, mask: undefined })]), // unmasked
  fc
    .record({ first: fc.constantFrom(0xc2, 0xa2, 0x92, 0x83, 0x8f, 0x80, 0x00), payload: bytes, mask })
    .map((parts) => [frame(parts)]),
  fc
    .record({ payload: fc.uint8Array({ minLength: 2_001, maxLength: 2_100 }), mask })
    .map((parts) => [frame({ first: 0x82, ...parts })]),
  fc.constant([Buffer.from('82ffffffffffffffffff', 'hex')]), // declares 2^64 - 1 bytes
  // A complete message between the fragments of another.
  fc
    .record({ payload: bytes, mask })
    .map(({ payload, mask: key }) => [
      frame({ first: 0x02, payload, mask: key }),
      frame({ first: 0x82, payload, mask: key }),
    ]),
  // A close frame.
  fc.record({ mask }).map((parts) => [frame({ first: 0x88, payload: Uint8Array.of(3, 232), ...parts })]),
);

/** Splits the stream at random: every few bytes, or rarely. */
function cut(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((one) => one % (stream.length + 1)))].sort((a, b) => a - b);
  return [0, ...at]
    .map((start, i) => stream.subarray(start, at[i] ?? stream.length))
    .filter(({ length }) => length > 0);
}

describe.each([
  { name: 'with its scanner', scanner: FrameScanner.create() },
  { name: 'without a scanner', scanner: undefined },
])('the lean reader before ws, $name,', ({ scanner }) => {
  it.each([
    ['leaves them to ws', false],
    ['reads them', true],
  ])('delivers the output of ws alone for any chunk boundaries if, of control frames, it %s', async (_, control) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            { weight: 4, arbitrary: common },
            { weight: 1, arbitrary: binary },
            { weight: 2, arbitrary: others },
          ),
          { maxLength: 12 },
        ),
        fc.option(wrong, { nil: [] }),
        fc.array(fc.nat(), { maxLength: 40 }),
        async (frames, ending, cuts) => {
          const stream = Buffer.concat([...frames, ending].flat());
          const chunks = cut(stream, cuts);
          expect(upToEnd(await throughBoth(chunks, scanner, control))).toEqual(upToEnd(await throughWs(chunks)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads frames byte by byte', async () => {
    const key = Uint8Array.of(1, 2, 3, 4);
    const stream = Buffer.concat([
      frame({ first: 0x82, payload: new Uint8Array(300).fill(7), mask: key }),
      frame({ first: 0x81, payload: Buffer.from('text'), mask: key }),
      frame({ first: 0x82, payload: new Uint8Array(0), mask: key }),
      frame({ first: 0x82, payload: Uint8Array.of(9), mask: key }),
    ]);
    const chunks = [...stream].map((byte) => Buffer.of(byte));
    const events = await throughBoth(chunks, scanner);
    expect(events).toHaveLength(4);
    expect(events).toEqual(await throughWs(chunks));
  });

  it('reads frames of all short lengths, cut at each byte', async () => {
    const frames = Array.from({ length: 150 }, (_, length) => {
      const payload = Uint8Array.from({ length: length + 4 }, (_, i) => [0x53, 0x41, 0, length][i] ?? i);
      return frame({ first: 0x82, payload, mask: Uint8Array.of(length, 0xa5, 0x80 ^ length, 7) });
    });
    const stream = Buffer.concat(frames);
    const expected = await throughWs([Buffer.from(stream)]); // ws unmasks in place
    expect(expected).toHaveLength(150);
    for (let at = 1; at < stream.length; at++) {
      const events = await throughBoth([stream.subarray(0, at), stream.subarray(at)], scanner);
      if (!isDeepStrictEqual(events, expected)) expect({ at, events }).toEqual({ at, events: expected });
    }
  });

  it('delivers the CLASP frames of one read together, and other messages alone', () => {
    const key = Uint8Array.of(1, 2, 3, 4);
    const message = (payload: readonly number[]): Buffer =>
      frame({ first: 0x82, payload: Uint8Array.from(payload), mask: key });
    const [ping, pong] = [
      [0x53, 0x01, 0, 1, 0x41],
      [0x53, 0x01, 0, 1, 0x42],
    ];
    const items: unknown[] = [];
    const reader = new LeanReader({
      maxFrameBytes: 1_000,
      scanner,
      onMessages: (messages) => {
        const parts = singly<Uint8Array>([messages]).map((one) => [...one]);
        items.push(messages instanceof FrameRun ? { count: messages.count, parts } : parts[0]);
      },
      leave: () => items.push('left to ws'),
    });
    const stamped = [0x53, 0x21, 0, 1, ...new Array<number>(8).fill(0), 0x41];
    const control = frame({ first: 0x89, payload: new Uint8Array(0), mask: key });
    const messages = [message(ping), message(pong), message([...ping, 0]), message(ping), control, message(pong)];
    reader.push(Buffer.concat([...messages, message(stamped), message(ping), message(ping).subarray(0, 5)]));
    reader.push(message(ping).subarray(5));
    const run = { count: 2, parts: [ping, pong] };
    expect(items).toEqual([run, [...ping, 0], ping, 'left to ws', pong, stamped, ping, ping]);
  });

  it('passes a frame of any declared length to ws without buffering it', () => {
    const left: number[] = [];
    const reader = new LeanReader({
      maxFrameBytes: 1_000,
      scanner,
      onMessages: () => left.push(-1),
      leave: (chunk) => void left.push(chunk.length),
    });
    reader.push(Buffer.from('82ff00ff000000000000', 'hex')); // about 2^56 bytes
    for (let i = 0; i < 3; i++) reader.push(Buffer.alloc(50_000, 0x82));
    expect(left).toEqual([10, 50_000, 50_000, 50_000]);
  });
});
