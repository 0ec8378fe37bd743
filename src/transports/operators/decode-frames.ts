import { map, type OperatorFunction } from 'rxjs';
import { decodeJson } from '../../protocol/encodings/json.js';
import { Qos } from '../../protocol/enumerations.js';
import { DecodeError } from '../../protocol/errors.js';
import { decodeFrame } from '../../protocol/frame.js';
import { FrameRun } from '../../protocol/frame-run.js';
import type { InboundFrame, RateLimitedMessage } from '../../protocol/inbound.js';
import type { InboundFrame as UndecodedFrame } from '../transport.js';

/**
 * Makes messages of frames and texts: one array in, one array out, in order, the empty array (a sign of life) included. What is no message stands in its place as `malformed`; what `limitRate` said is passed on.
 *
 * @param onRead hears how many bytes of frames were in a batch
 */
export function decodeFrames(
  onRead: (byteLength: number) => void = () => undefined,
): OperatorFunction<readonly (UndecodedFrame | RateLimitedMessage)[], readonly InboundFrame[]> {
  return map((batch) => {
    const decoded: InboundFrame[] = [];
    for (const item of batch) {
      if (item instanceof FrameRun) decodeRun(item, decoded);
      else if (item instanceof Uint8Array) decoded.push(decodeBinary(item, 0, item.length));
      else if (typeof item === 'string') decoded.push(decodeText(item));
      else decoded.push({ message: item, qos: Qos.Fire, encoding: 'binary' });
    }
    onRead(byteLengthOf(batch));
    return decoded;
  });
}

/** Bytes of the frames in a batch; a text counts its characters, which are nearly its bytes. */
export function byteLengthOf(batch: readonly (UndecodedFrame | RateLimitedMessage)[]): number {
  let byteLength = 0;
  for (const item of batch) {
    if (item instanceof FrameRun) byteLength += item.bytes.length;
    else if (item instanceof Uint8Array || typeof item === 'string') byteLength += item.length;
  }
  return byteLength;
}

function decodeRun(run: FrameRun, decoded: InboundFrame[]): void {
  const { bytes } = run;
  for (let start = 0; start < bytes.length;) {
    const end = run.endOf(start);
    decoded.push(decodeBinary(bytes, start, end));
    start = end;
  }
}

function decodeBinary(bytes: Uint8Array, start: number, end: number): InboundFrame {
  try {
    return decodeFrame(bytes, start, end);
  } catch (error) {
    return malformed(error, 'binary');
  }
}

function decodeText(text: string): InboundFrame {
  try {
    return decodeJson(text);
  } catch (error) {
    return malformed(error, 'json');
  }
}

/** A decoder throws nothing else, whatever the bytes: anything else is a bug of ours and must not look like the peer's. */
function malformed(error: unknown, encoding: 'binary' | 'json'): InboundFrame {
  if (!(error instanceof DecodeError)) throw error;
  return { message: { type: 'malformed', error }, qos: Qos.Fire, encoding };
}
