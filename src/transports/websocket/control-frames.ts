import { isUtf8 } from 'node:buffer';
import { isCloseCode, NO_CLOSE_CODE } from './close-codes.js';

/** Opcodes of control frames (RFC 6455, section 5.5). */
export const OPCODE_CLOSE = 0x8;
export const OPCODE_PING = 0x9;
export const OPCODE_PONG = 0xa;

const FIN = 0x80;
/** Maximum bytes of the payload of a control frame. */
export const MAX_CONTROL_BYTES = 125;

/** A ping without payload. Must not be modified. */
export const pingFrame: Uint8Array = controlFrame(OPCODE_PING, new Uint8Array(0));

/** Returns a frame of a server, which is not masked. @param payload at most {@link MAX_CONTROL_BYTES} bytes */
export function controlFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(2 + payload.length);
  frame[0] = FIN | opcode;
  frame[1] = payload.length;
  frame.set(payload, 2);
  return frame;
}

/** @param text at most 123 bytes of UTF-8 */
export function closeFrame(code: number, text: string): Uint8Array {
  const payload = Buffer.alloc(2 + Buffer.byteLength(text));
  payload.writeUInt16BE(code);
  payload.write(text, 2);
  return controlFrame(OPCODE_CLOSE, payload);
}

/**
 * Returns the code in the payload of a Close frame, {@link NO_CLOSE_CODE} if it is empty. Undefined if the payload is
 * invalid: a single byte, a code that must not be sent, or a text that is not UTF-8.
 */
export function closeCodeOf(payload: Buffer): number | undefined {
  if (payload.length === 0) return NO_CLOSE_CODE;
  if (payload.length === 1) return undefined;
  const code = payload.readUInt16BE();
  return isCloseCode(code) && isUtf8(payload.subarray(2)) ? code : undefined;
}
