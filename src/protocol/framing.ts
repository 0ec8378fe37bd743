/**
 * How a frame is delimited on a link (wire.md 1):
 *
 * - `raw`: not at all; the frame's own header says where it ends (QUIC streams, the in-memory link).
 * - `websocket`: as one unmasked message of RFC 6455, which is how servers send. Unmasked means the same bytes serve
 *   every subscriber.
 */
export type Framing = 'raw' | 'websocket';

/** WebSocket opcodes with the FIN bit. */
const BINARY_MESSAGE = 0x82;
const TEXT_MESSAGE = 0x81;

/** Bytes in front of a frame or text of `length` bytes. */
export function framingLength(framing: Framing, length: number): number {
  if (framing === 'raw') return 0;
  return length < 126 ? 2 : length < 65_536 ? 4 : 10;
}

/** Writes what stands in front of a frame or text of `length` bytes; {@link framingLength} says how much that is. */
export function writeFraming(framing: Framing, bytes: Uint8Array, at: number, length: number, text: boolean): void {
  if (framing === 'raw') return;
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
    bytes[at + 6] = length >>> 24;
    bytes[at + 7] = length >>> 16;
    bytes[at + 8] = length >>> 8;
    bytes[at + 9] = length;
  }
}
