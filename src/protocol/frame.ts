import { Reader } from './bytes/reader.js';
import { Writer } from './bytes/writer.js';
import { isCborMap, readCborMessage, writeCborMessage } from './encodings/cbor.js';
import { isLegacyMap, readLegacyMessage } from './encodings/legacy-msgpack.js';
import { Qos } from './enumerations.js';
import { DecodeError, EncodeError } from './errors.js';
import {
  BINARY_BITS,
  CBOR_BITS,
  ENCODING_BITS,
  HEADER_BYTES,
  headerLength,
  MAGIC,
  RESERVED_FLAGS,
  TIMESTAMP_FLAG,
  TIMESTAMPED_HEADER_BYTES,
} from './header.js';
import { MAX_PAYLOAD_BYTES } from './limits.js';
import { defaultQos, readMessage, writeMessage } from './messages/index.js';
import type { Message } from './messages/message.js';
import { type U64, u64FromHalves } from './u64.js';

// frame (wire.md 2)
//   header (header.ts) · payload

/** Encoding of a payload. `legacy` is read but never written. `json` is sent as a string without a frame. */
export type Encoding = 'binary' | 'legacy' | 'cbor' | 'json';

/** One message with the data of its frame. */
export interface Frame<M = Message> {
  readonly message: M;
  readonly qos: Qos;
  /** Microseconds. Routers neither use nor forward it. */
  readonly timestamp?: U64 | undefined;
  readonly encoding: Encoding;
}

export interface FrameHeader {
  readonly qos: Qos;
  readonly timestamp: U64 | undefined;
  readonly encodingBits: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/**
 * Reads a frame. Bytes after its declared end are ignored (wire.md 1).
 *
 * @throws DecodeError for any invalid bytes, and no other error
 */
export function decodeFrame(bytes: Uint8Array, start = 0, end: number = bytes.length): Frame {
  const header = readFrameHeader(bytes, start, end);
  const { payloadStart, payloadEnd } = header;
  if (payloadStart === payloadEnd) throw new DecodeError('EmptyPayload', 'the payload is empty');
  const first = bytes[payloadStart]!;
  const { qos, timestamp } = header;
  const reader = new Reader(bytes, payloadStart, payloadEnd);
  if (isLegacyMap(first)) return { message: readLegacyMessage(reader), qos, timestamp, encoding: 'legacy' };
  if (header.encodingBits === CBOR_BITS && isCborMap(first)) {
    return { message: readCborMessage(reader), qos, timestamp, encoding: 'cbor' };
  }
  return { message: readMessage(reader), qos, timestamp, encoding: 'binary' };
}

/**
 * Reads and validates the header. Checks that the declared payload exists.
 *
 * @throws DecodeError
 */
export function readFrameHeader(bytes: Uint8Array, start = 0, end: number = bytes.length): FrameHeader {
  const length = frameLength(bytes, start, end);
  if (length === undefined) {
    // If the first four bytes exist, only the timestamp after them is cut off.
    throw new DecodeError(
      end - start < HEADER_BYTES ? 'TruncatedHeader' : 'TruncatedFrame',
      `a frame needs ${HEADER_BYTES} or ${TIMESTAMPED_HEADER_BYTES} header bytes; there are ${end - start}`,
    );
  }
  if (length > end - start) {
    throw new DecodeError('TruncatedFrame', `the header declares a frame of ${length} bytes; there are ${end - start}`);
  }
  const flags = bytes[start + 1]!;
  if ((flags & RESERVED_FLAGS) !== 0) {
    throw new DecodeError(
      'UnsupportedFlags',
      'the frame is marked as encrypted or compressed, which CLASP does not define',
    );
  }
  return {
    qos: qosFromBits(flags >> 6),
    timestamp: flags & TIMESTAMP_FLAG ? readTimestamp(bytes, start + HEADER_BYTES) : undefined,
    encodingBits: flags & ENCODING_BITS,
    payloadStart: start + headerLength(flags),
    payloadEnd: start + length,
  };
}

/**
 * Returns the total length of the frame at `start`, from its header. Undefined while the header is incomplete.
 *
 * @throws DecodeError BadMagic
 */
export function frameLength(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end > start && bytes[start] !== MAGIC) {
    throw new DecodeError('BadMagic', `a frame starts with 0x53, not 0x${bytes[start]!.toString(16).padStart(2, '0')}`);
  }
  if (end - start < HEADER_BYTES) return undefined;
  const header = headerLength(bytes[start + 1]!);
  if (end - start < header) return undefined;
  return header + ((bytes[start + 2]! << 8) | bytes[start + 3]!);
}

export interface EncodeOptions {
  /** @default the message's own QoS, see {@link defaultQos} */
  readonly qos?: Qos | undefined;
  readonly timestamp?: U64 | undefined;
  /** @default 'binary' */
  readonly encoding?: 'binary' | 'cbor' | undefined;
}

/**
 * Returns the bytes of a frame.
 *
 * @throws EncodeError if the payload exceeds 65,535 bytes or a field its size
 */
export function encodeFrame(message: Message, options: EncodeOptions = {}): Uint8Array {
  const w = new Writer();
  writeFrame(w, message, options);
  return w.bytes.slice(0, w.at);
}

/**
 * Appends a frame. On an error, the writer's position is unchanged.
 *
 * @throws EncodeError
 */
export function writeFrame(w: Writer, message: Message, options: EncodeOptions = {}): void {
  const { qos = defaultQos(message), timestamp, encoding = 'binary' } = options;
  const start = w.at;
  try {
    w.u8(MAGIC);
    w.u8((qos << 6) | (timestamp === undefined ? 0 : TIMESTAMP_FLAG) | (encoding === 'cbor' ? CBOR_BITS : BINARY_BITS));
    w.u16(0);
    if (timestamp !== undefined) w.u64(timestamp);
    const payload = w.at;
    if (encoding === 'cbor') writeCborMessage(w, message);
    else writeMessage(w, message);
    writePayloadLength(w.bytes, start, w.at - payload);
  } catch (error) {
    w.at = start;
    throw error;
  }
}

/**
 * Writes the payload length of the frame whose header starts at `start`.
 *
 * @throws EncodeError
 */
export function writePayloadLength(bytes: Uint8Array, start: number, length: number): void {
  if (length > MAX_PAYLOAD_BYTES) {
    throw new EncodeError('PayloadTooLarge', `the payload is ${length} bytes; the limit is ${MAX_PAYLOAD_BYTES}`);
  }
  bytes[start + 2] = length >>> 8;
  bytes[start + 3] = length;
}

/** 3 is reserved and read as Fire, as in Rust. */
function qosFromBits(bits: number): Qos {
  return bits === 1 ? Qos.Confirm : bits === 2 ? Qos.Commit : Qos.Fire;
}

function readTimestamp(bytes: Uint8Array, at: number): U64 {
  const half = (from: number): number =>
    ((bytes[from]! << 24) | (bytes[from + 1]! << 16) | (bytes[from + 2]! << 8) | bytes[from + 3]!) >>> 0;
  return u64FromHalves(half(at), half(at + 4));
}
