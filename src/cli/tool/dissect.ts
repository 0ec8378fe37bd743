import { decodeJson, MAX_ROUTER_JSON_TEXT } from '../../protocol/encodings/json.js';
import { DecodeError } from '../../protocol/errors.js';
import { decodeFrame, type Frame, frameLength } from '../../protocol/frame.js';
import { LENGTH_BYTES } from '../../protocol/framing.js';
import { BINARY_BITS, CBOR_BITS, MAGIC } from '../../protocol/header.js';
import { MAX_PAYLOAD_BYTES } from '../../protocol/limits.js';

/** One message of bytes in an unknown form. */
export interface Piece extends Frame {
  /** Bytes of the frame, including its header; undefined for a message without a frame. */
  readonly frameBytes: number | undefined;
  /** Whether it has a length prefix, as over TCP. */
  readonly hasLength: boolean;
}

const BRACE = 0x7b;

/**
 * Splits bytes into messages: adjacent frames, each with or without the length prefix of TCP; a JSON text; or one
 * payload. The first bytes determine the form: no message has the type 0x53, 0x7b or 0x00.
 *
 * @throws DecodeError at the first invalid message, after the previous ones were yielded
 */
export function* dissect(bytes: Uint8Array): Generator<Piece, void> {
  const isFramed = bytes[0] === MAGIC || hasLengthAt(bytes, 0);
  if (!isFramed) {
    yield { ...(bytes[0] === BRACE ? readText(bytes) : readPayload(bytes)), frameBytes: undefined, hasLength: false };
    return;
  }
  for (let at = 0; at < bytes.length;) {
    const hasLength = hasLengthAt(bytes, at);
    const end = hasLength ? endByCount(bytes, at) : bytes.length;
    if (hasLength) at += LENGTH_BYTES;
    const frame = decodeFrame(bytes, at, end);
    const frameBytes = frameLength(bytes, at, end)!; // it was decoded, so its header exists
    yield { ...frame, frameBytes, hasLength };
    at = hasLength ? end : at + frameBytes;
  }
}

/** Whether the four bytes here are the length of the following frame. The largest frame has 65,547 bytes. */
function hasLengthAt(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && (bytes[at + 1] ?? 2) <= 1 && bytes[at + LENGTH_BYTES] === MAGIC;
}

/** Returns the end of the frame whose length is here. @throws DecodeError */
function endByCount(bytes: Uint8Array, at: number): number {
  const start = at + LENGTH_BYTES;
  const count = (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  if (count <= bytes.length - start) return start + count;
  const text = `the length prefix states ${count} bytes; there are ${bytes.length - start}`;
  throw new DecodeError('TruncatedFrame', text);
}

function readText(bytes: Uint8Array): Frame {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DecodeError('InvalidUtf8', 'it begins as a JSON text but is not UTF-8', cause);
  }
  return decodeJson(text, MAX_ROUTER_JSON_TEXT);
}

/** Decodes a payload with the header that it would have. */
function readPayload(payload: Uint8Array): Frame {
  if (payload.length > MAX_PAYLOAD_BYTES) {
    throw new DecodeError(
      'FrameTooLarge',
      `a payload is at most ${MAX_PAYLOAD_BYTES} bytes; these are ${payload.length}`,
    );
  }
  const looksLikeCbor = payload[0]! >= 0xa0 && payload[0]! <= 0xbf;
  const header = [MAGIC, looksLikeCbor ? CBOR_BITS : BINARY_BITS, payload.length >>> 8, payload.length & 0xff];
  return decodeFrame(Uint8Array.from([...header, ...payload]));
}
