import type { Message } from '../../protocol/messages/message.js';
import type { SendQueueBudget } from '../congestion/send-queue-budget.js';
import type { FrameWriter } from './frame-writer.js';
import type { RouterSession } from '../session.js';

/** Puts written messages into the outboxes and sendQueues of sessions, and knows whose are no longer empty. */
export class Dispatcher {
  /** Sessions with something in their outbox. */
  #dirty: RouterSession[] = [];
  #count = 0;
  readonly #sendQueues: SendQueueBudget;

  /** @param sendQueues where what waits for congested sessions goes */
  constructor(sendQueues: SendQueueBudget) {
    this.#sendQueues = sendQueues;
  }

  /** Deliveries made since the router began. */
  get count(): number {
    return this.#count;
  }

  /**
   * Hands out the writer's last message.
   *
   * @param param the address, when a newer value may take its place in a backlog
   * @param mayDrop whether it gives way when a backlog is full
   */
  toAll(
    sessions: readonly RouterSession[],
    writer: FrameWriter,
    except: RouterSession | undefined,
    param: string | undefined,
    mayDrop: boolean,
  ): void {
    const { bytes, start, end } = writer;
    for (let i = 0; i < sessions.length; i++) {
      const session = sessions[i]!;
      if (session === except) continue;
      if (session.phase === 'active') this.#toOutbox(session, bytes, start, end);
      else if (session.phase === 'congested') this.#enqueue(session, bytes, start, end, param, mayDrop);
    }
  }

  /** The same for what may be lost: where a session has a second way for that, and it has room, it goes there. */
  toAllLoosely(sessions: readonly RouterSession[], writer: FrameWriter, except: RouterSession | undefined): void {
    const { bytes, start, end } = writer;
    for (let i = 0; i < sessions.length; i++) {
      const session = sessions[i]!;
      if (session === except) continue;
      if (session.phase === 'active') {
        const { datagrams } = session.link;
        if (datagrams !== undefined && end - start <= datagrams.maxBytes) {
          datagrams.send(bytes.subarray(start, end));
          this.#count++;
        } else {
          this.#toOutbox(session, bytes, start, end);
        }
      } else if (session.phase === 'congested') {
        this.#enqueue(session, bytes, start, end, undefined, true);
      }
    }
  }

  /** Hands the writer's last message to one session: a reply, which reaches also one that is not active yet or any more. */
  to(session: RouterSession, writer: FrameWriter): void {
    if (session.phase === 'congested') this.#enqueue(session, writer.bytes, writer.start, writer.end, undefined, false);
    else if (session.phase !== 'closed') this.#toOutbox(session, writer.bytes, writer.start, writer.end);
  }

  /** Hands one message to sessions inside the process, which share it. They cannot fall behind: they run when it does. */
  handToAll(sessions: readonly RouterSession[], message: Message, except: RouterSession | undefined): void {
    for (const session of sessions) if (session !== except && session.phase === 'active') this.hand(session, message);
  }

  /** The same to one session: a reply, which reaches also one that is not active yet or any more. */
  hand(session: RouterSession, message: Message): void {
    if (session.phase === 'closed') return;
    session.link.deliver?.(message);
    session.traffic.sentMessages++;
    this.#count++;
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

  #enqueue(
    session: RouterSession,
    bytes: Uint8Array,
    start: number,
    end: number,
    param: string | undefined,
    mayDrop: boolean,
  ): void {
    this.#count++;
    this.#sendQueues.push(session, bytes, start, end, param, mayDrop);
  }
}
