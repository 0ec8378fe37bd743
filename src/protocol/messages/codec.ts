import type { Reader } from '../bytes/reader.js';
import type { Writer } from '../bytes/writer.js';
import type { Structure } from '../encodings/structure.js';
import type { Qos } from '../enumerations.js';
import type { Message, MessageType } from './message.js';

export type MessageOf<T extends MessageType> = Extract<Message, { readonly type: T }>;

/** Everything that the wire defines for one message type. `messages/index.ts` contains the codec of each type. */
export interface MessageCodec<M extends Message> {
  readonly type: M['type'];
  /** First byte of a compact binary payload (wire.md 5). */
  readonly code: number;
  /** Returns the QoS of a frame whose sender states none (wire.md 7.2). */
  readonly defaultQos: (message: M) => Qos;
  /**
   * Reads the body, after the code.
   *
   * @param bundleDepth number of bundles around the message
   * @throws DecodeError
   */
  readonly read: (r: Reader, bundleDepth: number) => M;
  /**
   * Writes the body, after the code.
   *
   * @throws EncodeError if a field exceeds its size on the wire
   */
  readonly write: (w: Writer, message: M) => void;
  /**
   * Fields of the map-shaped forms. Required fields are bare, the others are optional (wire.md 8.2). One structure reads
   * and writes all of these forms, so a form cannot omit a field.
   */
  readonly fields: Structure<M>;
  /** Returns the message with values that own their bytes, see {@link detached}. */
  readonly detach: (message: M) => M;
}

/** `detach` of a message that contains no values: all of it is strings and numbers, which can be kept. */
export function withoutValues<M>(message: M): M {
  return message;
}
