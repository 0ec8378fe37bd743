import type { SendQueue } from './send-queue.js';
import type { sendQueueBudgetOptions } from './congestion-options.js';
import type { OptionValues } from '../../util/option.js';
import { judgeQueue, type QueueLimits, queueOverflow, type Retention } from './policy.js';
import { QUEUED_MESSAGE_BYTES } from './send-queue.js';
import { type DueEntry, DueQueue } from '../scheduling/due-queue.js';
import type { RouterSession } from '../session.js';

export type SendQueueBudgetOptions = OptionValues<typeof sendQueueBudgetOptions>;

/**
 * Ranks sessions by the negative memory of their queue, so that the largest comes first; equal ones in the order in
 * which they began to wait.
 */
interface Ranking {
  readonly queue: DueQueue<RouterSession>;
  readonly places: Map<RouterSession, DueEntry<RouterSession>>;
}

/** The ranking is maintained while the total exceeds this part of the limit. Below, it is not needed. */
const RANKED_ABOVE = 3 / 4;

/**
 * Send queues of all congested sessions. If the total exceeds the budget, the session with the largest queue drops
 * messages. If it has none to drop, the router closes it. Other sessions are not affected.
 */
export class SendQueueBudget {
  readonly #limits: QueueLimits;
  readonly #rankedAboveBytes: number;
  /** Sessions with a send queue, including some whose queue is empty again. */
  readonly #waiting = new Set<RouterSession>();
  #ranking: Ranking | undefined;
  /** Sessions that have lost messages since {@link takeLossy}. */
  #lossy = new Set<RouterSession>();
  #bytes = 0;
  /** Memory of all queues: bytes and overhead per message. */
  #heldBytes = 0;
  #dropped = 0;
  #overflows = 0;

  constructor(options: SendQueueBudgetOptions) {
    this.#limits = { maxBytes: options.maxQueueBytesTotal, maxMessages: Infinity };
    this.#rankedAboveBytes = options.maxQueueBytesTotal * RANKED_ABOVE;
  }

  /** Bytes that are queued now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Approximate memory of all queues in bytes. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Messages dropped since the router started. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Sessions closed because their queue was too large. */
  get overflows(): number {
    return this.#overflows;
  }

  /** Queues a message; see {@link SendQueue.push}. */
  push(session: RouterSession, message: Uint8Array, retention: Retention, address: string): void {
    this.#add(session, (queue) => queue.push(message, retention, address));
  }

  /** Counts bytes that wait elsewhere for a session; see {@link SendQueue.reserve}. */
  reserve(session: RouterSession, bytes: number): void {
    this.#add(session, (queue) => queue.reserve(bytes));
  }

  /** Releases reserved bytes. */
  release(session: RouterSession, bytes: number): void {
    const { sendQueue } = session;
    const { heldBytes } = sendQueue;
    sendQueue.release(bytes);
    this.#heldBytes -= heldBytes - sendQueue.heldBytes;
    if (sendQueue.isEmpty) this.#waiting.delete(session);
    this.#rank(session);
  }

  /** Takes the next messages to send; see {@link SendQueue.take}. */
  take(session: RouterSession, maxBytes: number): Uint8Array {
    const { sendQueue } = session;
    const { messages, heldBytes } = sendQueue;
    const taken = sendQueue.take(maxBytes);
    session.traffic.sentMessages += messages - sendQueue.messages;
    this.#bytes -= taken.length;
    this.#heldBytes -= heldBytes - sendQueue.heldBytes;
    if (sendQueue.isEmpty) this.#waiting.delete(session);
    this.#rank(session);
    return taken;
  }

  clear(session: RouterSession): void {
    this.#bytes -= session.sendQueue.bytes;
    this.#heldBytes -= session.sendQueue.heldBytes;
    session.sendQueue.clear();
    this.#waiting.delete(session);
    this.#lossy.delete(session);
    this.#rank(session);
  }

  /** Returns the sessions that lost messages since the last call. */
  takeLossy(): ReadonlySet<RouterSession> {
    const lossy = this.#lossy;
    if (lossy.size > 0) this.#lossy = new Set();
    return lossy;
  }

  /** Adds to the queue of a session. @param add returns whether it fits */
  #add(session: RouterSession, add: (queue: SendQueue) => boolean): void {
    const { sendQueue } = session;
    const { bytes: bytesBefore, heldBytes: heldBefore, dropped: droppedBefore } = sendQueue;
    this.#waiting.add(session);
    const fits = add(sendQueue);
    this.#bytes += sendQueue.bytes - bytesBefore;
    this.#heldBytes += sendQueue.heldBytes - heldBefore;
    this.#rank(session);
    this.#noteDrops(session, sendQueue.dropped - droppedBefore);
    if (!fits) this.#close(session, 'session');
    while (this.#heldBytes > this.#limits.maxBytes) this.#relieve();
  }

  /** Reduces the largest queue until the total is within the budget. */
  #relieve(): void {
    const most = this.#ranking?.queue.first;
    if (most === undefined) return; // unreachable: the total exceeds the limit, so a ranking exists
    const { sendQueue } = most;
    for (;;) {
      const { messages, droppable } = sendQueue;
      const verdict = judgeQueue({ bytes: this.#heldBytes, reservedBytes: 0, messages, droppable }, this.#limits);
      if (verdict === 'close') return this.#close(most, 'router');
      if (verdict === 'fits') break;
      const freed = sendQueue.dropOldest();
      this.#bytes -= freed;
      this.#heldBytes -= freed + QUEUED_MESSAGE_BYTES;
      this.#noteDrops(most, 1);
    }
    this.#rank(most);
  }

  /** Updates the ranking after a queue changed. O(log n) near the limit, otherwise O(1). */
  #rank(session: RouterSession): void {
    if (this.#heldBytes <= this.#rankedAboveBytes) {
      this.#ranking = undefined;
    } else if (this.#ranking === undefined) {
      this.#ranking = { queue: new DueQueue(), places: new Map() };
      for (const waiting of this.#waiting) this.#place(waiting, this.#ranking);
    } else {
      this.#place(session, this.#ranking);
    }
  }

  #place(session: RouterSession, { queue, places }: Ranking): void {
    const place = places.get(session);
    const key = -session.sendQueue.heldBytes;
    if (!this.#waiting.has(session)) {
      if (place !== undefined) queue.remove(place);
      places.delete(session);
    } else if (place === undefined) {
      places.set(session, queue.push(session, key));
    } else {
      queue.move(place, key);
    }
  }

  #noteDrops(session: RouterSession, count: number): void {
    if (count === 0) return;
    this.#dropped += count;
    session.dropNotice.add(count);
    this.#lossy.add(session);
  }

  #close(session: RouterSession, limit: 'session' | 'router'): void {
    const error = queueOverflow(session.sendQueue, limit);
    this.clear(session);
    this.#overflows++;
    session.notify({ type: 'end.queueOverflowed', error });
  }
}
