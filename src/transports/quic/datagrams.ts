import { type Clock, microseconds } from '../../util/clock.js';
import { DecodeError } from '../../protocol/errors.js';
import { encodeFrame, frameLength } from '../../protocol/frame.js';
import {
  hasTimestamp,
  HEADER_BYTES,
  headerLength,
  TIMESTAMP_FLAG,
  TIMESTAMPED_HEADER_BYTES,
} from '../../protocol/header.js';
import { pingCodec, pongCodec } from '../../protocol/messages/ping.js';
import { LARGEST_DATAGRAM_BYTES, PACKET_OVERHEAD_BYTES, SMALLEST_PACKET_BYTES } from './constants.js';

// QUIC datagrams (RFC 9221). Each carries one complete frame with its time of sending in the header:
//   magic 0x53 · flags u8, 0x20 set · payload length u16 · timestamp u64 · payload
// The timestamps of one sender increase, so the receiver detects and drops overtaken datagrams.

const STAMP_BYTES = TIMESTAMPED_HEADER_BYTES - HEADER_BYTES;
const PING = pingCodec.code;
const PONG = pongCodec.code;

/** First datagram of the client, and the router's answer. After them both sides can send lossy frames. */
export const pingFrame: Uint8Array = encodeFrame({ type: 'ping' });
export const pongFrame: Uint8Array = encodeFrame({ type: 'pong' });

/** Returns the bytes of the largest frame that fits a datagram, before {@link DatagramStamp} adds a timestamp. */
export function largestFrame(maxPacketBytes = SMALLEST_PACKET_BYTES): number {
  return Math.min(LARGEST_DATAGRAM_BYTES, maxPacketBytes - PACKET_OVERHEAD_BYTES) - STAMP_BYTES;
}

/** Writes the time of sending into frames. Of two frames of one connection, the later one has the later time. */
export class DatagramStamp {
  readonly #clock: Clock;
  #lastMicros = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns a copy of a complete frame with the time in its header */
  on(frame: Uint8Array): Uint8Array {
    const micros = Math.max(microseconds(this.#clock), this.#lastMicros + 1);
    this.#lastMicros = micros;
    const payload = headerLength(frame[1]!);
    const stamped = new Uint8Array(frame.length - payload + TIMESTAMPED_HEADER_BYTES);
    stamped.set(frame.subarray(0, HEADER_BYTES));
    stamped[1] = stamped[1]! | TIMESTAMP_FLAG;
    const view = new DataView(stamped.buffer);
    view.setUint32(HEADER_BYTES, Math.floor(micros / 2 ** 32));
    view.setUint32(HEADER_BYTES + 4, micros % 2 ** 32);
    stamped.set(frame.subarray(payload), TIMESTAMPED_HEADER_BYTES);
    return stamped;
  }
}

export type DatagramKind = 'frame' | 'ping' | 'pong';

/** Reads the datagrams of one peer. */
export class DatagramReader {
  #newestMicros = -1;
  #dropped = 0;

  /** Number of dropped datagrams: invalid ones, and ones that a later datagram overtook. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @returns undefined for a datagram to drop. A datagram without a time is always accepted */
  read(datagram: Uint8Array): DatagramKind | undefined {
    if (!isOneFrame(datagram) || !this.#isNext(datagram)) {
      this.#dropped++;
      return undefined;
    }
    const payload = headerLength(datagram[1]!);
    if (datagram.length !== payload + 1) return 'frame';
    const only = datagram[payload];
    return only === PING ? 'ping' : only === PONG ? 'pong' : 'frame';
  }

  #isNext(frame: Uint8Array): boolean {
    if (!hasTimestamp(frame)) return true;
    const view = new DataView(frame.buffer, frame.byteOffset);
    // A double is exact until the year 2255. A peer that sends a later time affects only its own datagrams.
    const micros = view.getUint32(HEADER_BYTES) * 2 ** 32 + view.getUint32(HEADER_BYTES + 4);
    if (micros <= this.#newestMicros) return false;
    this.#newestMicros = micros;
    return true;
  }
}

/** Returns whether the datagram is one frame with a payload and without trailing bytes. */
function isOneFrame(datagram: Uint8Array): boolean {
  try {
    const length = frameLength(datagram, 0, datagram.length);
    return length === datagram.length && length > headerLength(datagram[1]!);
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}
