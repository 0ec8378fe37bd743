import { isCongested } from '../../core/congestion/policy.js';
import type { SendBuffers } from '../../core/congestion/send-buffers.js';
import type { RouterCore } from '../../core/router-core.js';
import type { RouterSession } from '../../core/session.js';

/** Writes the output of sessions to their connections. */
export class SessionOutput {
  readonly #core: RouterCore;
  readonly #buffers: SendBuffers;

  constructor(core: RouterCore, buffers: SendBuffers) {
    this.#core = core;
    this.#buffers = buffers;
  }

  /** Sends the output of a session for this tick, and checks whether its socket is congested. */
  flush(session: RouterSession): void {
    const { link, outbox } = session;
    // A socket with pending bytes retains its input; a copy releases the slab.
    const bytes = outbox.take(link.bufferedBytes > 0);
    if (bytes.length === 0) return;
    link.write(bytes);
    session.traffic.sentBytes += bytes.length;
    this.#buffers.wrote(bytes.length);
    session.lastActivityMicros = this.#core.nowMicros;
    if (session.phase !== 'active') return;
    const buffered = link.bufferedBytes;
    if (isCongested(buffered, this.#buffers.highWaterBytes)) {
      session.notify({ type: 'connection.congested', bufferedBytes: buffered });
    }
  }

  /**
   * Sends a PING. It does not count as activity: a session without traffic becomes idle in spite of it. A congested
   * session gets none, because it would wait behind the send queue.
   */
  ping(session: RouterSession): void {
    if (session.phase !== 'active') return;
    this.flush(session);
    this.#core.ping(session);
    this.#write(session, session.outbox.take(session.link.bufferedBytes > 0));
  }

  /** Flushes all queued output, regardless of the socket, because the connection is about to close. */
  flushWhole(session: RouterSession): void {
    if (session.sendQueue.messages > 0) this.#write(session, this.#core.takeQueued(session, Infinity));
    this.#write(session, session.outbox.take(true));
  }

  /**
   * The socket of a congested session is empty: sends the next part of its send queue, and ends the congestion after
   * the last one. If the network takes a part at once, no drain event follows, so the next part is sent directly.
   */
  drained(session: RouterSession): void {
    const { phase, sendQueue, link, notify } = session;
    if (phase !== 'congested') return;
    while (sendQueue.messages > 0 && link.bufferedBytes === 0) {
      this.#write(session, this.#core.takeQueued(session, this.#buffers.highWaterBytes));
    }
    if (sendQueue.messages > 0) return;
    notify({ type: 'connection.drained' });
    this.#core.resume(session);
  }

  #write({ link, traffic }: RouterSession, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    link.write(bytes);
    traffic.sentBytes += bytes.length;
    this.#buffers.wrote(bytes.length);
  }
}
