/**
 * How a frame is delimited on a link (wire.md 1):
 *
 * - `raw`: not at all; the frame's own header says where it ends (QUIC streams, the in-memory link).
 * - `length`: by a u32 in front, the count of the frame's bytes, its header included (TCP, pipes).
 * - `websocket`: as one unmasked message of RFC 6455, which is how servers send. Unmasked means the same bytes serve
 *   every subscriber.
 */
export type Framing = 'raw' | 'length' | 'websocket';

/** Bytes of the count in front of a frame on a `length` link. */
export const LENGTH_BYTES = 4;

/** WebSocket opcodes with the FIN bit. */
const BINARY_MESSAGE = 0x82;
const TEXT_MESSAGE = 0x81;

/** Bytes in front of a frame or text of `length` bytes. */
export function framingLength(framing: Framing, length: number): number {
  switch (framing) {
    case 'websocket':
      return length < 126 ? 2 : length < 65_536 ? 4 : 10;
    case 'length':
      return LENGTH_BYTES;
    case 'raw':
      return 0;
  }
}

/**
 * Writes what stands in front of a frame or text of `length` bytes, at most 2^32 - 1; {@link framingLength} says how much
 * that is.
 *
 * @param text whether it is the text of a JSON message, which only a WebSocket can tell from a frame
 */
export function writeFraming(framing: Framing, bytes: Uint8Array, at: number, length: number, text: boolean): void {
  switch (framing) {
    case 'websocket':
      writeWebSocketHeader(bytes, at, length, text);
      return;
    case 'length':
      writeU32(bytes, at, length);
      return;
    case 'raw':
      return;
  }
}

function writeWebSocketHeader(bytes: Uint8Array, at: number, length: number, text: boolean): void {
  bytes[at] = text ? TEXT_MESSAGE : BINARY_MESSAGE;
  if (length < 126) {
    bytes[at + 1] = length;
  } else if (length < 65_536) {
    bytes[at + 1] = 126;
    bytes[at + 2] = length >>> 8;
    bytes[at + 3] = length;
  } else {
    bytes[at + 1] = 127;
    bytes.fill(0, at + 2, at + 6);
    writeU32(bytes, at + 6, length);
  }
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
