import { utf8Length } from '../protocol/address.js';
import { encodeJson, MAX_JSON_TEXT } from '../protocol/encodings/json.js';
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
    // There is always a `type` in front of it.
    return boundedText(qos === undefined ? text : `${text.slice(0, -1)},"qos":${qos}}`);
  }
  const frame = encodeFrame(message, { qos, encoding });
  const { maxFrameBytes = Infinity, url } = link;
  if (frame.length <= maxFrameBytes) return frame;
  throw new EncodeError('PayloadTooLarge', `the frame is ${frame.length} bytes; ${url} takes ${maxFrameBytes}`);
}

/** A router closes the connection at a text that is longer. */
function boundedText(text: string): string {
  if (3 * text.length <= MAX_JSON_TEXT) return text; // the usual case, without counting
  const length = utf8Length(text);
  if (length <= MAX_JSON_TEXT) return text;
  throw new EncodeError('PayloadTooLarge', `the JSON text is ${length} bytes; the limit is ${MAX_JSON_TEXT}`);
}
