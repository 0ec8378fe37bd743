import { maskedMessage } from '../../support/raw-socket.js';
import { described } from './echo-door.js';

/**
 * The test classes of the Autobahn suite for WebSocket servers, with cases of this project. The numbers are those of
 * the suite, for comparison.
 */
export interface Row {
  readonly case: string;
  readonly what: string;
  readonly send: readonly Buffer[];
  /**
   * The complete expected answer. If the case does not end with a close, the client closes, and the server answers
   * that.
   */
  readonly back: readonly string[];
}

export const FIN = 0x80;

export const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0x0, 0x1, 0x2, 0x8, 0x9, 0xa];

export type Payload = string | Uint8Array;

export function bytesOf(payload: Payload): Buffer {
  return Buffer.from(payload as string); // both overloads accept this type
}

/** A client frame. `first` is the whole first byte. */
export function frame(first: number, payload: Payload = ''): Buffer {
  return maskedMessage(bytesOf(payload), first);
}

export function text(payload: Payload): Buffer {
  return frame(FIN | TEXT, payload);
}

export function close(code: number, reason: Payload = ''): Buffer {
  return frame(FIN | CLOSE, Buffer.concat([Buffer.of(code >>> 8, code & 0xff), bytesOf(reason)]));
}

export function answer(kind: string, payload: Payload): string {
  return `${kind} ${described(kind, bytesOf(payload))}`.trimEnd();
}

/** Splits `payload` into pieces of `size` bytes. */
export function pieces(payload: Payload, size: number): Buffer[] {
  const bytes = bytesOf(payload);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** A fragmented message. */
export function fragments(opcode: number, parts: readonly Payload[]): Buffer[] {
  return parts.map((part, i) => frame((i === parts.length - 1 ? FIN : 0) | (i === 0 ? opcode : CONTINUATION), part));
}

export const HELLO = 'Hello-µ@ßöäüàá-UTF-8!!';

/** A lone surrogate in UTF-8: the middle of Autobahn's own invalid text. */
export const INVALID = Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex');

export const ONLY_CLOSED = ['close 1002'];
