import { encodeJson } from '../protocol/encodings/json.js';
import type { Qos } from '../protocol/enumerations.js';
import { EncodeError } from '../protocol/errors.js';
import { encodeFrame } from '../protocol/frame.js';
import type { Message } from '../protocol/messages/message.js';
import type { ClientEncoding, Link } from './link.js';

/**
 * What goes over the link for a message.
 *
 * @param qos the message's own where absent
 * @throws EncodeError when it has no bytes, or more than the link takes
 */
export function encodeFor(link: Link, encoding: ClientEncoding, message: Message, qos?: Qos): Uint8Array | string {
  if (encoding === 'json') {
    const text = encodeJson(message);
    return qos === undefined ? text : `${text.slice(0, -1)},"qos":${qos}}`; // there is always a `type` in front of it
  }
  const frame = encodeFrame(message, { qos, encoding });
  const { maxFrameBytes = Infinity, url } = link;
  if (frame.length <= maxFrameBytes) return frame;
  throw new EncodeError('PayloadTooLarge', `the frame is ${frame.length} bytes; ${url} takes ${maxFrameBytes}`);
}
