import { utf8Length } from '../protocol/address.js';
import { encodeJson, MAX_JSON_TEXT } from '../protocol/encodings/json.js';
import type { Qos } from '../protocol/enumerations.js';
import { EncodeError } from '../protocol/errors.js';
import { encodeFrame } from '../protocol/frame.js';
import type { Message } from '../protocol/messages/message.js';
import type { ClientEncoding, Link } from './link.js';

/**
 * Returns the bytes or the JSON of a message for a link.
 *
 * @param qos by default the message's own
 * @throws EncodeError if it cannot be encoded, or exceeds the limit of the link
 */
export function encodeFor(link: Link, encoding: ClientEncoding, message: Message, qos?: Qos): Uint8Array | string {
  if (encoding === 'json') {
    const text = encodeJson(message);
    // The JSON always starts with a `type`.
    return boundedText(qos === undefined ? text : `${text.slice(0, -1)},"qos":${qos}}`);
  }
  const frame = encodeFrame(message, { qos, encoding });
  const { maxFrameBytes = Infinity, url } = link;
  if (frame.length <= maxFrameBytes) return frame;
  throw new EncodeError('PayloadTooLarge', `the frame is ${frame.length} bytes; ${url} takes ${maxFrameBytes}`);
}

/** A router closes the connection if a JSON message is longer. */
function boundedText(text: string): string {
  if (3 * text.length <= MAX_JSON_TEXT) return text; // the usual case, without counting bytes
  const length = utf8Length(text);
  if (length <= MAX_JSON_TEXT) return text;
  throw new EncodeError('PayloadTooLarge', `the JSON text is ${length} bytes; the limit is ${MAX_JSON_TEXT}`);
}
