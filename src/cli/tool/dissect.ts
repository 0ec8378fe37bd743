import { decodeJson, MAX_ROUTER_JSON_TEXT } from '../../protocol/encodings/json.js';
import { DecodeError } from '../../protocol/errors.js';
import { decodeFrame, type Frame, frameLength } from '../../protocol/frame.js';
import { LENGTH_BYTES } from '../../protocol/framing.js';
import { MAX_PAYLOAD_BYTES } from '../../protocol/limits.js';

/** One message out of bytes of which nobody has said what they are. */
export interface Piece extends Frame {
  /** Bytes of the frame, its header counted; undefined where there is none around the message. */
  readonly frameBytes: number | undefined;
  /** Whether its length stands in front of it, as on TCP. */
  readonly hasLength: boolean;
}

const MAGIC = 0x53;
const BRACE = 0x7b;
const CBOR_BITS = 2;
const BINARY_BITS = 1;

/**
 * Takes bytes apart: frames one after the other, each with or without the length that TCP has in front; a JSON text; or one
 * payload. Which of them they are shows in their first bytes: no message has the type 0x53 or 0x7b, and none the type 0x00.
 *
 * @throws DecodeError at the first that cannot be read, when those before it have been given
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
    const frameBytes = frameLength(bytes, at, end)!; // it has been decoded, so its header is there
    yield { ...frame, frameBytes, hasLength };
    at = hasLength ? end : at + frameBytes;
  }
}

/** Whether four bytes stand here that are the length of a frame behind them. The largest frame is 65,547 bytes. */
function hasLengthAt(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0 && (bytes[at + 1] ?? 2) <= 1 && bytes[at + LENGTH_BYTES] === MAGIC;
}

/** Where the frame ends whose length stands here. @throws DecodeError */
function endByCount(bytes: Uint8Array, at: number): number {
  const start = at + LENGTH_BYTES;
  const count = (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  if (count <= bytes.length - start) return start + count;
  const text = `the length in front says ${count} bytes; there are ${bytes.length - start}`;
  throw new DecodeError('TruncatedFrame', text);
}

function readText(bytes: Uint8Array): Frame {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DecodeError('InvalidUtf8', 'it begins like a JSON text and is not UTF-8', cause);
  }
  return decodeJson(text, MAX_ROUTER_JSON_TEXT);
}

/** Puts the header in front that the payload would have travelled with. */
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
