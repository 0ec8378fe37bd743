import type { BundleMessage, Message, PublishMessage } from '../../protocol/messages/message.js';
import type { EncodedValue } from '../../protocol/values/encoded-value.js';

/**
 * Bytes of heap, measured with Node.js 20: a bundle with its entries in two queues and its session, which stays in
 * memory after the connection ends; a SET or PUBLISH, its value, a keyframe.
 */
const BYTES_OF_BUNDLE = 3_000;
const BYTES_OF_MESSAGE = 180;
const BYTES_OF_VALUE = 250;
const BYTES_OF_KEYFRAME = 350;
const BYTES_OF_SAMPLE = 16;

/** Estimates the memory of a bundle of SET and PUBLISH messages, in bytes. */
export function bundleBytes({ messages }: BundleMessage): number {
  let bytes = BYTES_OF_BUNDLE;
  for (const message of messages) bytes += messageBytes(message);
  return bytes;
}

function messageBytes(message: Message): number {
  if (message.type === 'set') return BYTES_OF_MESSAGE + textBytes(message.address) + valueBytes(message.value);
  return message.type === 'publish' ? publishBytes(message) : 0;
}

function publishBytes({ address, value, samples, timeline }: PublishMessage): number {
  let bytes = BYTES_OF_MESSAGE + textBytes(address) + BYTES_OF_SAMPLE * (samples?.length ?? 0);
  if (value !== undefined) bytes += valueBytes(value);
  if (timeline === undefined) return bytes;
  bytes += BYTES_OF_MESSAGE;
  for (const keyframe of timeline.keyframes) bytes += BYTES_OF_KEYFRAME + keyframe.value.byteLength;
  return bytes;
}

function valueBytes({ byteLength }: EncodedValue): number {
  return BYTES_OF_VALUE + byteLength;
}

/** A string with characters beyond Latin-1 takes two bytes per character. */
function textBytes(text: string): number {
  return 2 * text.length;
}
