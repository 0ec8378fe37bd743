import { type ClaspError, EncodeError, ErrorCode } from '../../protocol/errors.js';
import type { U64 } from '../../protocol/u64.js';
import { detached } from '../../protocol/messages/detached.js';
import type { Message, SetMessage } from '../../protocol/messages/message.js';
import type { Deliveries } from './deliveries.js';
import { Lane } from './lane.js';
import type { RouterSession } from './router-session.js';
import { wireForms } from './wire-form.js';

/** Answers to one session: ACK, ERROR, SNAPSHOT, ... in lanes of their own (see FanOut). */
export class Replies {
  readonly #deliveries: Deliveries;
  readonly #lanes = wireForms.map((form) => new Lane(form));

  readonly #errors = new Map<ErrorCode, number>();

  constructor(deliveries: Deliveries) {
    this.#deliveries = deliveries;
  }

  /** ERRORs there were, by code. */
  get errors(): ReadonlyMap<ErrorCode, number> {
    return this.#errors;
  }

  /** @throws EncodeError when the message does not fit a frame; nothing is sent then */
  send(session: RouterSession, message: Message): void {
    const lane = this.lane(session);
    if (lane === undefined) return this.#deliveries.hand(session, detached(message));
    lane.write(message);
    this.#deliveries.to(session, lane);
  }

  /**
   * The lane of the session's form, for those who write a message piece by piece; then {@link deliver}. Undefined for a session
   * for which nothing is written.
   */
  lane({ form }: RouterSession): Lane | undefined {
    return form.encoding === 'none' ? undefined : this.#lanes[form.index]!; // a lane for every form there is
  }

  deliver(session: RouterSession, lane: Lane): void {
    this.#deliveries.to(session, lane);
  }

  /** A SET was taken. */
  ack(session: RouterSession, message: SetMessage, revision: U64): void {
    const lane = this.lane(session);
    if (lane === undefined) return this.#deliveries.hand(session, { type: 'ack', address: message.address, revision });
    lane.writeAck(message, revision);
    this.#deliveries.to(session, lane);
  }

  error(session: RouterSession, { code, message, address }: ClaspError): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
    session.lastError = { code, text: message, atMicros: session.lastActivityMicros };
    this.send(session, { type: 'error', code, message, address: address === undefined ? undefined : clip(address) });
  }

  /**
   * Sends a list as one message, or as several where one would not fit a frame, or a datagram where that is all there is.
   *
   * @param make the message that carries these items
   */
  inPieces<T>(session: RouterSession, items: readonly T[], make: (items: readonly T[]) => Message): void {
    const lane = this.lane(session);
    if (lane === undefined) return this.send(session, make(items));
    try {
      lane.write(make(items));
      const { maxFrameBytes = Infinity } = session.link;
      // One item that is too large for a datagram goes all the same: the transport knows best what becomes of it.
      if (lane.end - lane.start <= maxFrameBytes || items.length < 2) return this.deliver(session, lane);
      lane.abandon();
    } catch (error) {
      if (!(error instanceof EncodeError)) throw error;
      if (items.length < 2) {
        this.send(session, {
          type: 'error',
          code: ErrorCode.InternalError,
          message: `The answer does not fit a frame: ${error.message}`,
        });
        return;
      }
    }
    const middle = items.length >> 1;
    this.inPieces(session, items.slice(0, middle), make);
    this.inPieces(session, items.slice(middle), make);
  }
}

/** An ERROR quotes the address it is about; a hostile one of 64 KB is not sent back whole, and would not fit. */
function clip(address: string): string {
  return address.length <= 1_024 ? address : `${address.slice(0, 1_024)}…`;
}
