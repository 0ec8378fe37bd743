import { map, type OperatorFunction } from 'rxjs';
import { decodeJson } from '../../protocol/encodings/json.js';
import { Qos } from '../../protocol/enumerations.js';
import { DecodeError } from '../../protocol/errors.js';
import { decodeFrame } from '../../protocol/frame.js';
import type { InboundFrame, RateLimitedMessage } from '../../protocol/inbound.js';
import type { InboundFrame as UndecodedFrame } from '../transport.js';

/**
 * Makes messages of frames and texts: one array in, one array of the same length out, in order, the empty array (a sign
 * of life) included. What is no message stands in its place as `malformed`; what `limitRate` said is passed on.
 */
export function decodeFrames(): OperatorFunction<
  readonly (UndecodedFrame | RateLimitedMessage)[],
  readonly InboundFrame[]
> {
  return map((batch) => {
    const decoded: InboundFrame[] = [];
    for (const item of batch) decoded.push(decode(item));
    return decoded;
  });
}

function decode(item: UndecodedFrame | RateLimitedMessage): InboundFrame {
  const isText = typeof item === 'string';
  if (!isText && !(item instanceof Uint8Array)) return { message: item, qos: Qos.Fire, encoding: 'binary' };
  try {
    return isText ? decodeJson(item) : decodeFrame(item);
  } catch (error) {
    // A decoder throws nothing else, whatever the bytes: anything else is a bug of ours and must not look like the peer's.
    if (!(error instanceof DecodeError)) throw error;
    return { message: { type: 'malformed', error }, qos: Qos.Fire, encoding: isText ? 'json' : 'binary' };
  }
}
