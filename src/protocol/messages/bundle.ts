import { Reader } from '../bytes/reader.js';
import { Writer } from '../bytes/writer.js';
import { type Field, listOf, named, optional, u64 } from '../encodings/fields.js';
import { structure } from '../encodings/structure.js';
import { Qos } from '../enumerations.js';
import { DecodeError } from '../errors.js';
import { MAX_BUNDLE_DEPTH } from '../limits.js';
import type { MessageCodec } from './codec.js';
import type { BundleMessage, Message } from './message.js';

// BUNDLE 0x30 (wire.md 6.10)
//   flags u8, 0x80 timestamp · count u16 · [timestamp u64], after the count · count × (length u16 · message)
// An inner message has no frame header and ends within its own length.

const TIMESTAMP = 0x80;
/** Length and type byte. */
const SMALLEST_INNER_BYTES = 3;

/** Codec of the messages in a bundle, which have all types. */
export interface InnerCodec {
  readonly read: (r: Reader, bundleDepth: number) => Message;
  readonly write: (w: Writer, message: Message) => void;
  readonly field: Field<Message>;
  readonly detach: (message: Message) => Message;
}

/** Returns the codec of BUNDLE. @param inner codec of the messages in it */
export function bundleCodec(inner: InnerCodec): MessageCodec<BundleMessage> {
  const list = listOf(inner.field);
  return {
    type: 'bundle',
    code: 0x30,
    defaultQos: () => Qos.Commit,
    read: (r, bundleDepth) => readBundle(r, bundleDepth + 1, inner),
    write: (w, m) => writeBundle(w, m, inner),
    fields: structure<BundleMessage>('bundle', {
      type: named('bundle'),
      timestamp: optional(u64),
      messages: {
        ...list,
        read: (node, reading) => list.read(node, { ...reading, bundleDepth: reading.bundleDepth + 1 }),
        write: (messages, writing) => list.write(messages, { ...writing, bundleDepth: writing.bundleDepth + 1 }),
      },
    }),
    detach: (m) => ({ ...m, messages: m.messages.map(inner.detach) }),
  };
}

function writeBundle(w: Writer, m: BundleMessage, inner: InnerCodec): void {
  w.u8(m.timestamp === undefined ? 0 : TIMESTAMP);
  w.count(m.messages.length, 'bundle');
  if (m.timestamp !== undefined) w.u64(m.timestamp);
  const body = new Writer();
  for (const message of m.messages) {
    body.at = 0;
    inner.write(body, message);
    w.count(body.at, 'message of a bundle');
    w.raw(body.bytes, 0, body.at);
  }
}

function readBundle(r: Reader, depth: number, inner: InnerCodec): BundleMessage {
  if (depth > MAX_BUNDLE_DEPTH)
    throw new DecodeError('DepthExceeded', `bundles nest deeper than ${MAX_BUNDLE_DEPTH} levels`);
  const flags = r.u8();
  const count = r.u16();
  const timestamp = flags & TIMESTAMP ? r.u64() : undefined;
  r.checkCount(count, SMALLEST_INNER_BYTES);
  const messages: Message[] = [];
  for (let i = 0; i < count; i++) {
    const length = r.u16();
    if (length > r.left) {
      throw new DecodeError(
        'LengthOverrun',
        `a message of ${length} bytes is claimed in a bundle; ${r.left} bytes are left`,
      );
    }
    messages.push(inner.read(new Reader(r.bytes, r.at, r.at + length), depth));
    r.at += length;
  }
  return { type: 'bundle', timestamp, messages };
}
