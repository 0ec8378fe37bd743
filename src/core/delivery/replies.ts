import { ClaspError, EncodeError, ErrorCode } from '../../protocol/errors.js';
import { clipUtf8 } from '../../protocol/bytes/utf8.js';
import { MAX_JSON_TEXT } from '../../protocol/encodings/json.js';
import { MAX_ADDRESS_BYTES } from '../../protocol/limits.js';
import { ackCodec, SET_ACK_FLAGS } from '../../protocol/messages/ack.js';
import { Qos } from '../../protocol/enumerations.js';
import type { U64 } from '../../protocol/u64.js';
import { detached } from '../../protocol/messages/index.js';
import type { AckMessage, ErrorMessage, Message, SetMessage } from '../../protocol/messages/message.js';
import type { Dispatcher } from './dispatcher.js';
import { type HeldReplies, notStored, type WrittenReply } from './held-replies.js';
import { FrameWriter } from './frame-writer.js';
import type { RouterSession } from '../session.js';
import { wireForms } from './wire-form.js';

/** Sends replies to one session: ACK, ERROR, SNAPSHOT, ... They have separate writers (see FanOut). */
export class Replies {
  readonly #deliveries: Dispatcher;
  readonly #held: HeldReplies;
  readonly #writers = wireForms.map((form) => new FrameWriter(form));

  readonly #errors = new Map<ErrorCode, number>();

  /** @param held replies that wait for a store */
  constructor(deliveries: Dispatcher, held: HeldReplies) {
    this.#deliveries = deliveries;
    this.#held = held;
  }

  /** Number of ERRORs sent, by code. */
  get errors(): ReadonlyMap<ErrorCode, number> {
    return this.#errors;
  }

  /**
   * @param cut the cut that must be stored before an ACK is sent; 0 = none
   * @throws EncodeError if the message does not fit a frame; nothing is sent then
   */
  send(session: RouterSession, message: Message, cut = 0): void {
    if ((cut > 0 || this.#held.size > 0) && isHoldable(message) && this.#held.mustHold(session, cut)) {
      const address = message.type === 'ack' ? message.address : undefined;
      return this.#held.hold(session, this.#written(session, message), cut, address);
    }
    const writer = this.writer(session);
    if (writer === undefined) return this.#deliveries.hand(session, detached(message));
    writer.write(message);
    this.#deliveries.to(session, writer);
  }

  /**
   * Returns the writer of the session's form, for callers that write a message in pieces and then call {@link deliver}.
   * Undefined for an in-process session, which needs no serialization.
   */
  writer({ form }: RouterSession): FrameWriter | undefined {
    return form.encoding === 'none' ? undefined : this.#writers[form.index]!; // a writer exists for every form
  }

  deliver(session: RouterSession, writer: FrameWriter): void {
    this.#deliveries.to(session, writer);
  }

  /** Acknowledges an accepted SET. @param cut as for {@link send} */
  ack(session: RouterSession, message: SetMessage, revision: U64, cut = 0): void {
    if (cut > 0 || this.#held.size > 0) {
      return this.send(session, { type: 'ack', address: message.address, revision }, cut);
    }
    const writer = this.writer(session);
    if (writer === undefined)
      return this.#deliveries.hand(session, { type: 'ack', address: message.address, revision });
    writer.writeAck(message, revision);
    this.#deliveries.to(session, writer);
  }

  /**
   * Acknowledges a SET whose address is in the bytes of its frame, with its length before it.
   *
   * @param address the same as a string
   */
  directAck(
    session: RouterSession,
    bytes: Uint8Array,
    start: number,
    end: number,
    address: string,
    revision: number,
  ): void {
    if (this.#held.size > 0) return this.send(session, { type: 'ack', address, revision });
    const writer = this.writer(session);
    if (writer === undefined) return; // invariant: a session that sends frames receives frames
    writer.writeBytes(ackCodec.code, SET_ACK_FLAGS, Qos.Fire, bytes, start, end, revision);
    this.#deliveries.to(session, writer);
  }

  error(session: RouterSession, error: ClaspError): void {
    this.send(session, this.#errorFor(session, error));
  }

  /** A cut is stored, or has failed for a reason: its ACKs become ERRORs. */
  settle(cut: number, failure: string | undefined): void {
    this.#held.settle(
      cut,
      failure === undefined
        ? undefined
        : (session, address) => this.#written(session, this.#errorFor(session, notStored(failure, address))),
    );
  }

  #errorFor(session: RouterSession, { code, message, address }: ClaspError): ErrorMessage {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
    const text = clip(message, MAX_ERROR_TEXT_BYTES);
    session.lastError = { code, text, atMicros: session.lastActivityMicros };
    const about = address === undefined ? undefined : clip(address, MAX_ADDRESS_BYTES);
    return { type: 'error', code, message: text, address: about };
  }

  /** Returns a message as it can be kept and sent later. */
  #written(session: RouterSession, message: Message): WrittenReply {
    const writer = this.writer(session);
    if (writer === undefined) return detached(message);
    writer.write(message);
    return writer.bytes.slice(writer.start, writer.end);
  }

  /**
   * Sends a list as one message. If that would not fit a frame, the session's datagram or the JSON limit, sends
   * several. An item that fits no frame of the session's encoding causes ERROR 500 with its address.
   *
   * @param make creates the message that carries these items
   * @returns whether the session gets at least one of the items
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
      // A single item that is too large for a datagram is sent anyway: the transport drops it and reports that.
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

/** Whether a reply waits behind held ones. Snapshots and results do not, and deliveries never do. */
function isHoldable(message: Message): message is AckMessage | ErrorMessage {
  return message.type === 'ack' || message.type === 'error';
}

/** Maximum bytes of an ERROR's text. Reasons from a program's hooks are unbounded, and an ERROR must fit its frame. */
export const MAX_ERROR_TEXT_BYTES = 4_096;

/**
 * Limits text that an ERROR quotes from a peer or hook. A hostile 64 KB text is not sent back in full, and would not
 * fit.
 */
function clip(text: string, maxBytes: number): string {
  if (3 * text.length <= maxBytes) return text; // the usual case, without counting
  const clipped = clipUtf8(text, maxBytes);
  return clipped.length === text.length ? text : `${clipped}…`;
}
