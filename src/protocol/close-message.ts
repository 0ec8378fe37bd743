import { DecodeError, ErrorCode } from './errors.js';
import { decodeFrame, encodeFrame } from './frame.js';
import type { Message } from './messages/message.js';

// Close message (docs/protocol.md, "Leaving"): ERROR 0x51 (wire.md 6.14) with code 1000 and no address
//   code u16 = 1000 · message str · flags u8 = 0

/** The close message as a frame: `53 01 000c 51 03e8 0006 636c6f736564 00`. Its text has no meaning. */
export function closeFrame(): Uint8Array {
  return encodeFrame({ type: 'error', code: ErrorCode.Closed, message: 'closed' });
}

/** Whether a message says that its sender closes the session. */
export function isCloseMessage(message: Message): boolean {
  return message.type === 'error' && message.code === ErrorCode.Closed && message.address === undefined;
}

/** The frame of a close message is smaller. */
const MAX_CLOSE_FRAME_BYTES = 256;

/** Whether a frame is a close message; any bytes may be given, and more than 256 never are. */
export function isCloseFrame(frame: Uint8Array): boolean {
  if (frame.length > MAX_CLOSE_FRAME_BYTES) return false;
  try {
    return isCloseMessage(decodeFrame(frame).message);
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}
