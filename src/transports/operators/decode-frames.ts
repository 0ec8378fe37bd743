import { map, type OperatorFunction } from 'rxjs';
import { decodeJson } from '../../protocol/encodings/json.js';
import { Qos } from '../../protocol/enumerations.js';
import { FrameRun } from '../../protocol/frame-run.js';
import { isPlainFrame } from '../../protocol/header.js';
import {
  decodeInbound,
  type InboundFrame,
  type InboundItem,
  malformedFrame,
  type RateLimitedMessage,
} from '../../protocol/inbound.js';
import type { InboundFrame as UndecodedFrame } from '../transport.js';

/**
 * Decodes JSON messages and unusual frames. Other frames pass as runs: the router reads most of their messages from the
 * bytes. Each input array becomes one output array in the same order. An empty array, which is a sign of life, stays
 * empty. Invalid input is replaced by `malformed` at its position. Notices of `limitRate` pass
 * unchanged.
 *
 * @param onRead called with the bytes of the frames per batch
 */
export function decodeFrames(
  onRead: (byteLength: number) => void = () => undefined,
): OperatorFunction<readonly (UndecodedFrame | RateLimitedMessage)[], readonly InboundItem[]> {
  return map((batch) => {
    const decoded: InboundItem[] = [];
    for (const item of batch) {
      if (item instanceof FrameRun) decoded.push(item);
      else if (item instanceof Uint8Array) decoded.push(runOrFrame(item));
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
    if (item instanceof FrameRun) byteLength += item.byteLength;
    else if (item instanceof Uint8Array || typeof item === 'string') byteLength += item.length;
  }
  return byteLength;
}

function runOrFrame(bytes: Uint8Array): InboundItem {
  return isPlainFrame(bytes, 0, bytes.length) ? new FrameRun(bytes, 1) : decodeInbound(bytes, 0, bytes.length);
}

function decodeText(text: string): InboundFrame {
  try {
    return decodeJson(text);
  } catch (error) {
    return malformedFrame(error, 'json');
  }
}
