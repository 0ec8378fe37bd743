import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Qos } from '../../src/protocol/enumerations.js';
import { ClaspError, DecodeError, EncodeError, ErrorCode } from '../../src/protocol/errors.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { matchPattern, parsePattern } from '../../src/protocol/pattern.js';
import { comparable } from '../support/comparable.js';
import { concat, fromHex, toHex } from '../support/hex.js';
import { expandRepeats, messageFromPlain, type PlainObject } from '../support/plain.js';
import {
  binaryVectorFiles,
  type MessageVector,
  readVectors,
  type VectorFile,
  vectorFiles,
  vectorName,
  type VectorShapes,
} from '../support/vectors.js';

/** Content of each file, from wire.md 19.4: all entries, and how many work in both directions, one, or neither. */
const counts = {
  'frame.json': [20, 11, 9, 0],
  'hello-welcome.json': [23, 21, 2, 0],
  'subscribe.json': [36, 31, 5, 0],
  'publish.json': [53, 42, 11, 0],
  'set.json': [47, 46, 1, 0],
  'values.json': [121, 101, 20, 0],
  'get-snapshot.json': [19, 18, 1, 0],
  'bundle.json': [23, 21, 2, 0],
  'sync-ping.json': [11, 10, 1, 0],
  'ack-error.json': [30, 27, 3, 0],
  'announce-query.json': [36, 34, 2, 0],
  'replay-federation.json': [20, 18, 2, 0],
  'clients.json': [61, 56, 5, 0],
  'legacy-msgpack.json': [100, 0, 100, 0],
  'large.json': [17, 11, 0, 6],
  'malformed.json': [203, 0, 0, 203],
  'address-match.json': [143, 0, 0, 143],
} as const satisfies Record<VectorFile, readonly [number, number, number, number]>;

const files = Object.keys(counts) as VectorFile[]; // invariant: the type of counts

/** Every entry that a test ran, by file. */
const ran = new Map<string, string[]>();

/** Declares one test per entry. Its run is recorded. */
function eachVector<F extends VectorFile>(file: F, run: (vector: VectorShapes[F]) => void): void {
  describe(file, () => {
    for (const vector of readVectors(file)) {
      it(vectorName(vector), () => {
        ran.set(file, [...(ran.get(file) ?? []), vectorName(vector)]);
        run(vector);
      });
    }
  });
}

for (const file of binaryVectorFiles) {
  eachVector(file, (vector) => {
    if (vector.policy === 'may refuse') expectRefusedFlags(vector);
    else expectMessage(vector, 'binary');
  });
}

eachVector('legacy-msgpack.json', (vector) => expectMessage(vector, 'legacy'));

eachVector('large.json', (vector) => {
  // Invariant: it stays an object.
  const messageOf = (): Message => messageFromPlain(expandRepeats(vector.message) as PlainObject);
  if (vector.direction === 'encode-refuse') {
    const error = thrownBy(() => encodeFrame(messageOf()));
    expect(error).toBeInstanceOf(EncodeError);
    expect(error).toMatchObject({ fault: vector.error });
    return;
  }
  const message = messageOf();
  const header = headerOf(vector.frame);
  const bytes = concat(vector.hexRle.map(([hex, times]) => fromHex(hex.repeat(times))));
  expect(bytes).toHaveLength(vector.bytes);
  expect(sha256(bytes)).toBe(vector.sha256);
  const decoded = decodeFrame(bytes);
  expect(comparable(decoded)).toEqual(comparable({ ...header, message, encoding: 'binary' }));
  expect(sha256(encodeFrame(message, header))).toBe(vector.sha256);
  expect(sha256(encodeFrame(decoded.message, header))).toBe(vector.sha256);
});

eachVector('malformed.json', ({ hex, error: fault }) => {
  const error = thrownBy(() => decodeFrame(fromHex(hex)));
  expect(error).toBeInstanceOf(DecodeError);
  const inHeader = ['TruncatedHeader', 'BadMagic', 'TruncatedFrame'].includes(fault);
  expect(error).toMatchObject({ fault, code: inHeader ? ErrorCode.InvalidFrame : ErrorCode.InvalidMessage });
});

eachVector('address-match.json', ({ pattern, address, expect: expected }) => {
  if (expected === 'refused') {
    const error = thrownBy(() => parsePattern(pattern));
    expect(error).toBeInstanceOf(ClaspError);
    expect(error).toMatchObject({ code: ErrorCode.PatternError, address: pattern });
  } else {
    expect(matchPattern(parsePattern(pattern), address)).toBe(expected);
  }
});

// Must be last: jest runs the tests of a file in order. It fails if a filter excludes vectors, which is intended.
describe('the vectors as a whole', () => {
  it('are the files that a suite declares, and no other', () => {
    expect([...vectorFiles()].sort()).toEqual([...files].sort());
  });

  it.each(files)('%s contains the known number of entries', (file) => {
    const directions = readVectors(file).map((vector) => ('direction' in vector ? vector.direction : 'none'));
    const count = (wanted: string): number => directions.filter((direction) => direction === wanted).length;
    const [both, decodeOnly] = [count('both'), count('decode-only')];
    const all = directions.length;
    expect([all, both, decodeOnly, all - both - decodeOnly]).toEqual(counts[file]);
  });

  it('ran exactly once each, 963 in total', () => {
    for (const file of files) {
      const names = readVectors(file).map(vectorName);
      expect(new Set(names).size).toBe(names.length);
      expect(ran.get(file)).toEqual(names);
    }
    expect([...ran.values()].flat()).toHaveLength(963);
  });
});

/**
 * If forwarded as bytes, this NaN keeps its payload, as in Rust. The official JavaScript client canonicalizes it. Peers
 * must not compare NaN by bits (wire.md Q15).
 */
const nanWithPayload = 'values/f64-nan-payload';

/**
 * The JavaScript encoder writes `{ttl: 0, absolute: true}` as 0. This encoder keeps the bit (wire.md 11), because
 * `set/ttl-absolute-zero` requires it for the same message.
 */
const absoluteZero = 'set/ttl-zero-absolute-js';

/** Decoding returns the message. Encoding returns the same bytes, or the canonical ones if those differ. */
function expectMessage(vector: MessageVector, encoding: 'binary' | 'legacy'): void {
  const message = messageFromPlain(vector.message);
  const header = headerOf(vector.frame);
  const decoded = decodeFrame(fromHex(vector.hex));
  expect(comparable(decoded)).toEqual(comparable({ ...header, message, encoding }));

  const canonical = vector.reencode ?? vector.hex;
  expect(toHex(encodeFrame(message, header))).toBe(canonical);
  const forwarded = toHex(encodeFrame(decoded.message, header));
  expect(forwarded).toBe(vector.name === nanWithPayload ? vector.hex : canonical);
  if (vector.encodeInput !== undefined) {
    const bytes = toHex(encodeFrame(messageFromPlain(vector.encodeInput), header));
    expect(bytes).toBe(vector.name === absoluteZero ? vector.hex.replace(/00000000$/, '80000000') : vector.hex);
  }
  if (vector.tcpHex !== undefined) expectTcpPrefix(vector.tcpHex, vector.hex);
}

/** The reference ignores the encrypted and compressed bits. This decoder rejects them, as wire.md 2 recommends. */
function expectRefusedFlags(vector: MessageVector): void {
  const bytes = fromHex(vector.hex);
  const error = thrownBy(() => decodeFrame(bytes));
  expect(error).toBeInstanceOf(DecodeError);
  expect(error).toMatchObject({ fault: 'UnsupportedFlags', code: ErrorCode.InvalidFrame });
  bytes[1]! &= ~0x18;
  // Without the bit the frame is valid: nothing else was wrong with it.
  expectMessage({ ...vector, hex: toHex(bytes) }, 'binary');
}

/** On TCP, the frame length as a u32 precedes each frame, header included (wire.md 1). */
function expectTcpPrefix(tcpHex: string, hex: string): void {
  expect(tcpHex).toBe((hex.length / 2).toString(16).padStart(8, '0') + hex);
}

/** QoS 3 is reserved and read as Fire (wire.md Q3). */
function headerOf(frame: MessageVector['frame']): { readonly qos: Qos; readonly timestamp?: number | bigint } {
  const qos = frame.qos === 3 ? 0 : (frame.qos as Qos); // 0..3, wire.md 19.1
  const { timestamp } = frame;
  if (timestamp === undefined) return { qos };
  return { qos, timestamp: typeof timestamp === 'number' ? timestamp : BigInt(timestamp.$bigint) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
