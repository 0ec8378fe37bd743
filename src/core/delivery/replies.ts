import { ClaspError, EncodeError, ErrorCode } from '../../protocol/errors.js';
import { clipUtf8 } from '../../protocol/bytes/utf8.js';
import { MAX_JSON_TEXT } from '../../protocol/encodings/json.js';
import { MAX_ADDRESS_BYTES } from '../../protocol/limits.js';
import type { U64 } from '../../protocol/u64.js';
import { detached } from '../../protocol/messages/detached.js';
import type { Message, SetMessage } from '../../protocol/messages/message.js';
import type { Dispatcher } from './dispatcher.js';
import { FrameWriter } from './frame-writer.js';
import type { RouterSession } from '../session.js';
import { wireForms } from './wire-form.js';

/** Answers to one session: ACK, ERROR, SNAPSHOT, ... in writers of their own (see FanOut). */
export class Replies {
  readonly #deliveries: Dispatcher;
  readonly #writers = wireForms.map((form) => new FrameWriter(form));

  readonly #errors = new Map<ErrorCode, number>();

  constructor(deliveries: Dispatcher) {
    this.#deliveries = deliveries;
  }

  /** ERRORs there were, by code. */
  get errors(): ReadonlyMap<ErrorCode, number> {
    return this.#errors;
  }

  /** @throws EncodeError when the message does not fit a frame; nothing is sent then */
  send(session: RouterSession, message: Message): void {
    const writer = this.writer(session);
    if (writer === undefined) return this.#deliveries.hand(session, detached(message));
    writer.write(message);
    this.#deliveries.to(session, writer);
  }

  /**
   * The writer of the session's form, for those who write a message piece by piece; then {@link deliver}. Undefined for a session
   * for which nothing is written.
   */
  writer({ form }: RouterSession): FrameWriter | undefined {
    return form.encoding === 'none' ? undefined : this.#writers[form.index]!; // a writer for every form there is
  }

  deliver(session: RouterSession, writer: FrameWriter): void {
    this.#deliveries.to(session, writer);
  }

  /** A SET was taken. */
  ack(session: RouterSession, message: SetMessage, revision: U64): void {
    const writer = this.writer(session);
    if (writer === undefined)
      return this.#deliveries.hand(session, { type: 'ack', address: message.address, revision });
    writer.writeAck(message, revision);
    this.#deliveries.to(session, writer);
  }

  error(session: RouterSession, { code, message, address }: ClaspError): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
    const text = clip(message, MAX_ERROR_TEXT_BYTES);
    session.lastError = { code, text, atMicros: session.lastActivityMicros };
    const about = address === undefined ? undefined : clip(address, MAX_ADDRESS_BYTES);
    this.send(session, { type: 'error', code, message: text, address: about });
  }

  /**
   * Sends a list as one message, or as several where one would not fit a frame, a datagram where that is all there is,
   * or what JSON peers take at once. An item that fits no frame of the session's encoding is ERROR 500 with its
   * address.
   *
   * @param make the message that carries these items
   * @returns whether the session gets at least one of them
   */
  inPieces<T extends { readonly address: string }>(
    session: RouterSession,
    items: readonly T[],
    make: (items: readonly T[]) => Message,
  ): boolean {
    const writer = this.writer(session);
    if (writer === undefined) {
      this.send(session, make(items));
      return true;
    }
    try {
      writer.write(make(items));
      const { form, link } = session;
      const { maxFrameBytes = form.encoding === 'json' ? MAX_JSON_TEXT : Infinity } = link;
      const fits = writer.end - writer.start <= maxFrameBytes;
      // One item that is too large for a datagram goes all the same: the transport drops it and says so.
      if (fits || items.length < 2) {
        this.deliver(session, writer);
        return fits || form.encoding === 'json';
      }
      writer.abandon();
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      const [item] = items;
      if (items.length < 2) {
        const text = `The answer does not fit your encoding: ${error.message}`;
        const about = item === undefined ? {} : { address: item.address };
        this.error(session, new ClaspError(ErrorCode.InternalError, text, about));
        return false;
      }
    }
    const middle = items.length >> 1;
    const isFirstSent = this.inPieces(session, items.slice(0, middle), make);
    return this.inPieces(session, items.slice(middle), make) || isFirstSent;
  }
}

/** Bytes of an ERROR's text: reasons of a program's own hooks have no limit, and an ERROR has to fit its frame. */
export const MAX_ERROR_TEXT_BYTES = 4_096;

/** An ERROR quotes what a peer or a hook has said; a hostile 64 KB are not sent back whole, and would not fit. */
function clip(text: string, maxBytes: number): string {
  if (3 * text.length <= maxBytes) return text; // the usual case, without counting
  const clipped = clipUtf8(text, maxBytes);
  return clipped.length === text.length ? text : `${clipped}…`;
}
