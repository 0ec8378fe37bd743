import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import { QUEUED_MESSAGE_BYTES } from './send-queue.js';
import { type DueEntry, DueQueue } from '../scheduling/due-queue.js';
import type { RouterSession } from '../session.js';

export interface SendQueueBudgetOptions {
  /** Memory that may wait for all congested sessions together, in bytes. */
  readonly maxQueueBytesTotal: number;
}

/** Memory of each waiting session, negative, so that the one with most comes first; those with as much in the order in which they began to wait. */
interface Ranking {
  readonly queue: DueQueue<RouterSession>;
  readonly places: Map<RouterSession, DueEntry<RouterSession>>;
}

/** The ranking is kept while more waits than this part of what may. Below, it is not needed. */
const RANKED_ABOVE = 3 / 4;

/**
 * What waits for all congested sessions together. When that is too much, those pay for it for whom most waits: first with
 * what may give way, then with their session. Whoever reads well never notices.
 */
export class SendQueueBudget {
  readonly #options: SendQueueBudgetOptions;
  /** Sessions with a backlog, and some whose backlog is empty again. */
  readonly #waiting = new Set<RouterSession>();
  #ranking: Ranking | undefined;
  /** Sessions that have lost messages since {@link takeLossy}. */
  #lossy = new Set<RouterSession>();
  #bytes = 0;
  /** Memory that all take: bytes and messages. */
  #heldBytes = 0;
  #dropped = 0;
  #overflows = 0;

  constructor(options: SendQueueBudgetOptions) {
    this.#options = options;
  }

  /** Bytes that wait now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Memory that what waits takes now, roughly. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Messages that gave way since the router began. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Sessions that could not be saved, because too much waited for them. */
  get overflows(): number {
    return this.#overflows;
  }

  /** Queues a message; see {@link Backlog.push}. */
  push(
    session: RouterSession,
    bytes: Uint8Array,
    start: number,
    end: number,
    param: string | undefined,
    mayDrop: boolean,
  ): void {
    const { sendQueue } = session;
    const { bytes: bytesBefore, heldBytes: heldBefore } = sendQueue;
    const droppedBefore = sendQueue.dropped;
    this.#waiting.add(session);
    const fits = sendQueue.push(bytes, start, end, param, mayDrop);
    this.#bytes += sendQueue.bytes - bytesBefore;
    this.#heldBytes += sendQueue.heldBytes - heldBefore;
    this.#rank(session);
    this.#noteDrops(session, sendQueue.dropped - droppedBefore);
    if (!fits) this.#giveUp(session, 'more than this router keeps for one session');
    while (this.#heldBytes > this.#options.maxQueueBytesTotal) this.#relieve();
  }

  /** Takes what is to be sent next; see {@link Backlog.take}. */
  take(session: RouterSession, maxBytes: number): Uint8Array {
    const { sendQueue } = session;
    const { messages, heldBytes } = sendQueue;
    const taken = sendQueue.take(maxBytes);
    session.traffic.sentMessages += messages - sendQueue.messages;
    this.#bytes -= taken.length;
    this.#heldBytes -= heldBytes - sendQueue.heldBytes;
    if (sendQueue.messages === 0) this.#waiting.delete(session);
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

  /** The sessions that have lost messages since the last call. */
  takeLossy(): ReadonlySet<RouterSession> {
    const lossy = this.#lossy;
    if (lossy.size > 0) this.#lossy = new Set();
    return lossy;
  }

  /** Makes room at the cost of the session for which most waits. */
  #relieve(): void {
    const most = this.#ranking?.queue.first;
    if (most === undefined) return; // unreachable: more waits than may, and then there is a ranking
    const { sendQueue } = most;
    while (this.#heldBytes > this.#options.maxQueueBytesTotal) {
      const freed = sendQueue.dropOldest();
      if (freed === 0) return this.#giveUp(most, 'the most of all, and together more than this router keeps');
      this.#bytes -= freed;
      this.#heldBytes -= freed + QUEUED_MESSAGE_BYTES;
      this.#noteDrops(most, 1);
    }
    this.#rank(most);
  }

  /** What waits for a session has changed. O(log n) near the limit, else nothing. */
  #rank(session: RouterSession): void {
    if (this.#heldBytes <= this.#options.maxQueueBytesTotal * RANKED_ABOVE) {
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

  #giveUp(session: RouterSession, why: string): void {
    const { messages, bytes } = session.sendQueue;
    this.clear(session);
    this.#overflows++;
    const text = `Too slow: ${messages} messages (${bytes} bytes) were waiting, ${why}`;
    session.notify({ type: 'queue.overflowed', error: new ClaspError(ErrorCode.Overloaded, text) });
  }
}
