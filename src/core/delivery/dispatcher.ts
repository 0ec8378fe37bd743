import { copyBytes } from '../../protocol/bytes/copy.js';
import type { Message } from '../../protocol/messages/message.js';
import { REPLY_RETENTION, type Retention } from '../congestion/policy.js';
import type { SendQueueBudget } from '../congestion/send-queue-budget.js';
import type { FrameWriter } from './frame-writer.js';
import { SharedRun } from './outbox.js';
import type { RouterSession } from '../session.js';

/** Smallest number of sessions for which a shared run is worthwhile. */
const MIN_SHARED = 4;
const noSessions: readonly RouterSession[] = [];

/** Puts written messages into the outboxes and send queues of sessions, and tracks nonempty outboxes. */
export class Dispatcher {
  /** Sessions with a nonempty outbox. */
  #dirty: RouterSession[] = [];
  #count = 0;
  readonly #sendQueues: SendQueueBudget;
  /** The last message to several sessions: its sessions, the excluded one, its slab, and the run that it began. */
  #lastSessions = noSessions;
  #lastExcept: RouterSession | undefined;
  #lastBytes: Uint8Array | undefined;
  #run: SharedRun | undefined;
  /** Number of sessions in the run. */
  #sharing = 0;

  /** @param sendQueues queues for the messages of congested sessions */
  constructor(sendQueues: SendQueueBudget) {
    this.#sendQueues = sendQueues;
  }

  /** Deliveries since the router started. */
  get count(): number {
    return this.#count;
  }

  /**
   * Delivers the writer's last message. Consecutive messages to the same sessions share a run from the second on, so
   * that the third and all further ones take the same time for a thousand sessions as for one.
   *
   * @param retention how it waits in the send queue of a congested session
   * @param address of the message
   */
  toAll(
    sessions: readonly RouterSession[],
    writer: FrameWriter,
    except: RouterSession | undefined,
    retention: Retention,
    address: string,
  ): void {
    const { bytes, start, end } = writer;
    const isRepeated = sessions === this.#lastSessions && except === this.#lastExcept;
    const run = this.#run;
    if (isRepeated && run?.isOpen === true && bytes === this.#lastBytes && start === run.end) {
      run.end = end;
      run.count++;
      this.#count += this.#sharing;
      return;
    }
    const before = this.#count;
    let isUncongested = true;
    let copy: Uint8Array | undefined;
    for (let i = 0; i < sessions.length; i++) {
      const session = sessions[i]!;
      if (session === except) continue;
      if (session.phase === 'active') {
        this.#toOutbox(session, bytes, start, end);
      } else {
        isUncongested = false;
        if (session.phase === 'congested') {
          copy ??= copyBytes(bytes, start, end);
          this.#enqueue(session, copy, retention, address);
        }
      }
    }
    this.#lastSessions = sessions;
    this.#lastExcept = except;
    this.#lastBytes = bytes;
    this.#run = undefined;
    if (isRepeated && isUncongested && sessions.length >= MIN_SHARED) this.#share(end, this.#count - before);
  }

  /** Forgets the sessions of the last message: one of them has ended. */
  endRun(): void {
    this.#lastSessions = noSessions;
    this.#run = undefined;
  }

  /** Begins a run of the sessions that have just received the same message. */
  #share(end: number, sharing: number): void {
    const run = new SharedRun(end);
    this.#run = run;
    this.#sharing = sharing;
    for (const session of this.#lastSessions) if (session !== this.#lastExcept) session.outbox.join(run);
  }

  /** The same for droppable messages. If a session has a datagram path with capacity, the message takes it. */
  toAllLoosely(
    sessions: readonly RouterSession[],
    writer: FrameWriter,
    except: RouterSession | undefined,
    address: string,
  ): void {
    const { bytes, start, end } = writer;
    let copy: Uint8Array | undefined;
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
        copy ??= copyBytes(bytes, start, end);
        this.#enqueue(session, copy, 'droppable', address);
      }
    }
  }

  /** Delivers the writer's last message to one session as a reply, which is never dropped. It also reaches a session that is not active. */
  to(session: RouterSession, writer: FrameWriter): void {
    if (session.phase === 'congested')
      this.#enqueue(session, copyBytes(writer.bytes, writer.start, writer.end), REPLY_RETENTION, '');
    else if (session.phase !== 'closed') this.#toOutbox(session, writer.bytes, writer.start, writer.end);
  }

  /** The same for a message that was written earlier. @param bytes in memory of their own, which must not change anymore */
  toOne(session: RouterSession, bytes: Uint8Array): void {
    if (session.phase === 'congested') this.#enqueue(session, bytes, REPLY_RETENTION, '');
    else if (session.phase !== 'closed') this.#toOutbox(session, bytes, 0, bytes.length);
  }

  /**
   * Delivers one shared message to in-process sessions. They cannot become congested, because they run in the same
   * process.
   */
  handToAll(sessions: readonly RouterSession[], message: Message, except: RouterSession | undefined): void {
    for (const session of sessions) if (session !== except && session.phase === 'active') this.hand(session, message);
  }

  /** The same for one session as a reply. It also reaches a session that is not active. */
  hand(session: RouterSession, message: Message): void {
    if (session.phase === 'closed') return;
    session.link.deliver?.(message);
    session.traffic.sentMessages++;
    this.#count++;
  }

  /** Returns the sessions with pending output, each once. */
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

  #enqueue(session: RouterSession, message: Uint8Array, retention: Retention, address: string): void {
    this.#count++;
    this.#sendQueues.push(session, message, retention, address);
  }
}
