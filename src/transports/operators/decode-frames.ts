import { map, type OperatorFunction } from 'rxjs';
import { decodeJson } from '../../protocol/encodings/json.js';
import { Qos } from '../../protocol/enumerations.js';
import { DecodeError } from '../../protocol/errors.js';
import { decodeFrame } from '../../protocol/frame.js';
import { FrameRun } from '../../protocol/frame-run.js';
import type { InboundFrame, RateLimitedMessage } from '../../protocol/inbound.js';
import type { InboundFrame as UndecodedFrame } from '../transport.js';

/**
 * Decodes frames and JSON messages. Each input array becomes one output array in the same order. An empty array, which
 * is a sign of life, stays empty. Invalid input is replaced by `malformed` at its position. Notices of `limitRate` pass
 * unchanged.
 *
 * @param onRead called with the bytes of the frames per batch
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

/**
 * Returns the bytes of the frames in a batch. A JSON message counts its characters, which is nearly its size in bytes.
 */
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

/**
 * A decoder throws only DecodeErrors. Any other error is a bug in the router and must not be attributed to the peer.
 */
function malformed(error: unknown, encoding: 'binary' | 'json'): InboundFrame {
  if (!(error instanceof DecodeError)) throw error;
  return { message: { type: 'malformed', error }, qos: Qos.Fire, encoding };
}
