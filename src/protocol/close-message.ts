import { DecodeError, ErrorCode } from './errors.js';
import { decodeFrame, encodeFrame } from './frame.js';
import type { Message } from './messages/message.js';

// Close message (docs/reference/protocol.md, "Leaving"): ERROR 0x51 (wire.md 6.14) with code 1000 and no address
//   code u16 = 1000 · message str · flags u8 = 0

/**
 * Returns the close message as a frame: `53 01 000c 51 03e8 0006 636c6f736564 00`. Its message string has no meaning.
 */
export function closeFrame(): Uint8Array {
  return encodeFrame({ type: 'error', code: ErrorCode.Closed, message: 'closed' });
}

/** Returns whether a message announces that its sender closes the session. */
export function isCloseMessage(message: Message): boolean {
  return message.type === 'error' && message.code === ErrorCode.Closed && message.address === undefined;
}

/** Upper limit for the size of a close message's frame. */
const MAX_CLOSE_FRAME_BYTES = 256;

/** Returns whether a frame is a close message. Accepts any bytes; more than 256 bytes are never a close message. */
export function isCloseFrame(frame: Uint8Array): boolean {
  if (frame.length > MAX_CLOSE_FRAME_BYTES) return false;
  try {
    return isCloseMessage(decodeFrame(frame).message);
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}
