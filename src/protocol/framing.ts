/**
 * Delimits frames on a link (wire.md 1):
 *
 * - `raw`: no delimiter. The frame's header contains its length (QUIC streams, the in-memory link).
 * - `length`: a u32 before the frame, the number of its bytes including its header (TCP, pipes).
 * - `websocket`: one unmasked message of RFC 6455, as servers send. Without a mask, all subscribers get the same bytes.
 */
export type Framing = 'raw' | 'length' | 'websocket';

/** Bytes of the length prefix on a `length` link. */
export const LENGTH_BYTES = 4;

/** WebSocket opcodes with the FIN bit. */
const BINARY_MESSAGE = 0x82;
const TEXT_MESSAGE = 0x81;

/** Returns the bytes before a frame or string of `length` bytes. */
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
 * Writes the delimiter before a frame or string of `length` bytes, at most 2^32 - 1. {@link framingLength} returns its
 * size.
 *
 * @param text whether it is a JSON message. Only a WebSocket distinguishes JSON messages from frames
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
