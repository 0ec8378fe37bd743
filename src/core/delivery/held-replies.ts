import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Message } from '../../protocol/messages/message.js';
import type { SendQueueBudget } from '../congestion/send-queue-budget.js';
import type { RouterSession } from '../session.js';
import type { Dispatcher } from './dispatcher.js';

/** A reply, written in the form of its session or as a message for an in-process session. */
export type WrittenReply = Uint8Array | Message;

interface HeldReply {
  readonly reply: WrittenReply;
  /** The cut that must be stored first; 0: it only waits for the replies before it. */
  readonly cut: number;
  /** The address of an ACK with a cut. */
  readonly address: string | undefined;
}

/** Memory of a held reply without its bytes. */
const ENTRY_BYTES = 150;

/**
 * Replies that wait until a cut is stored. Every later ACK and ERROR of the session waits behind them, so that the
 * order of its replies does not change. They count in the limits of the session's send queue; a session that exceeds
 * them is closed.
 */
export class HeldReplies {
  readonly #deliveries: Dispatcher;
  readonly #sendQueues: SendQueueBudget;
  readonly #bySession = new Map<RouterSession, HeldReply[]>();
  #settled = 0;

  constructor(deliveries: Dispatcher, sendQueues: SendQueueBudget) {
    this.#deliveries = deliveries;
    this.#sendQueues = sendQueues;
  }

  /** Number of sessions with held replies. 0 on a router without a store that holds them. */
  get size(): number {
    return this.#bySession.size;
  }

  /** Whether a reply that waits for a cut must be held now. */
  mustHold(session: RouterSession, cut: number): boolean {
    return cut > this.#settled || this.#bySession.has(session);
  }

  /** Holds a reply. @param address of an ACK with a cut */
  hold(session: RouterSession, reply: WrittenReply, cut: number, address: string | undefined): void {
    let held = this.#bySession.get(session);
    if (held === undefined) this.#bySession.set(session, (held = []));
    held.push({ reply, cut, address });
    this.#sendQueues.reserve(session, bytesOf(reply));
  }

  /**
   * Sends what waits for this cut, earlier ones, or nothing but replies before it.
   *
   * @param failed returns the ERROR to send instead of an ACK of this cut; undefined if the cut is stored
   */
  settle(
    cut: number,
    failed: ((session: RouterSession, address: string | undefined) => WrittenReply) | undefined,
  ): void {
    if (cut <= this.#settled) return;
    this.#settled = cut;
    for (const [session, held] of this.#bySession) {
      let count = 0;
      while (count < held.length && held[count]!.cut <= cut) count++;
      if (count === 0) continue;
      if (count === held.length) this.#bySession.delete(session);
      for (const { reply, cut: own, address } of held.splice(0, count)) {
        this.#sendQueues.release(session, bytesOf(reply));
        this.#send(session, own > 0 && failed !== undefined ? failed(session, address) : reply);
      }
    }
  }

  /** Drops the held replies of a session that ends. */
  forget(session: RouterSession): void {
    for (const { reply } of this.#bySession.get(session) ?? []) this.#sendQueues.release(session, bytesOf(reply));
    this.#bySession.delete(session);
  }

  #send(session: RouterSession, reply: WrittenReply): void {
    if (reply instanceof Uint8Array) this.#deliveries.toOne(session, reply);
    else this.#deliveries.hand(session, reply);
  }
}

/** The ERROR of a write that was applied but not stored. */
export function notStored(why: string, address: string | undefined): ClaspError {
  return new ClaspError(
    ErrorCode.InternalError,
    `Applied, not stored: ${why}`,
    address === undefined ? {} : { address },
  );
}

function bytesOf(reply: WrittenReply): number {
  return ENTRY_BYTES + (reply instanceof Uint8Array ? reply.length : 0);
}
