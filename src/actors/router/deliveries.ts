import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { Lane } from './lane.js';
import type { RouterSession } from './router-session.js';

/** Puts written messages into the outboxes and backlogs of sessions, and knows whose are no longer empty. */
export class Deliveries {
  /** Sessions with something in their outbox. */
  #dirty: RouterSession[] = [];
  #count = 0;
  #overflows = 0;

  /** Deliveries made since the router began. */
  get count(): number {
    return this.#count;
  }

  /** Sessions that could not be saved, because too much waited for them. */
  get overflows(): number {
    return this.#overflows;
  }

  /** Hands out the lane's last message. @param param the address, when a newer value may take its place in a backlog */
  toAll(
    sessions: readonly RouterSession[],
    lane: Lane,
    except: RouterSession | undefined,
    param: string | undefined,
  ): void {
    const { bytes, start, end } = lane;
    for (let i = 0; i < sessions.length; i++) {
      const session = sessions[i]!;
      if (session === except) continue;
      if (session.phase === 'active') this.#toOutbox(session, bytes, start, end);
      else if (session.phase === 'congested') this.#toBacklog(session, bytes, start, end, param);
    }
  }

  /** Hands the lane's last message to one session: a reply, which reaches also one that is not active yet or any more. */
  to(session: RouterSession, lane: Lane): void {
    if (session.phase === 'congested') this.#toBacklog(session, lane.bytes, lane.start, lane.end, undefined);
    else if (session.phase !== 'closed') this.#toOutbox(session, lane.bytes, lane.start, lane.end);
  }

  /** The sessions that have something to send, once. */
  takeDirty(): readonly RouterSession[] {
    const dirty = this.#dirty;
    if (dirty.length === 0) return dirty;
    this.#dirty = [];
    return dirty;
  }

  #toOutbox(session: RouterSession, bytes: Uint8Array, start: number, end: number): void {
    if (session.outbox.isEmpty) this.#dirty.push(session);
    session.outbox.push(bytes, start, end);
    this.#count++;
  }

  #toBacklog(session: RouterSession, bytes: Uint8Array, start: number, end: number, param: string | undefined): void {
    this.#count++;
    if (session.backlog.push(bytes, start, end, param)) return;
    const { messages, bytes: queued } = session.backlog;
    session.backlog.clear();
    this.#overflows++;
    session.notify({
      type: 'queue.overflowed',
      error: new ClaspError(
        ErrorCode.Overloaded,
        `Too slow: ${messages} messages (${queued} bytes) were waiting, more than this router keeps for one session`,
      ),
    });
  }
}
