import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { QueryMessage } from '../../protocol/messages/message.js';
import { parsePattern } from '../../protocol/pattern.js';
import { type QueryPorts, QueryTask } from './query-task.js';
import type { RouterSession } from '../session.js';
import type { SessionTasks } from '../scheduling/session-tasks.js';
import { checkGlobstars, type PatternLimits } from '../subscriptions/subscribe-handler.js';

export interface QueryLimits extends PatternLimits {
  /** Bytes that the unsent answers of all sessions may take together; 0 = unlimited. One answer is always made. */
  readonly maxQueryBytes: number;
}

/** Memory of a signal that an answer has found. */
export const FOUND_BYTES = 16;
/** QUERYs of a session that may wait for their answer. */
export const MAX_UNANSWERED_QUERIES = 16;
/** Steps of an answer at once, if few were taken in this turn: 0.3 ms, some hundred definitions. */
const STEPS_AT_ONCE = 16_384;

/**
 * QUERY (router.md 5.8): what was announced, as far as the session may read there. Answers are tasks of their session; see
 * {@link QueryTask}. So who asks much waits for itself, and who does not read its answers gets no further ones.
 */
export class QueryHandler {
  readonly #options: QueryLimits;
  readonly #tasks: SessionTasks;
  readonly #ports: QueryPorts;
  /** Those that are not answered yet, in their order. */
  readonly #unanswered = new Map<RouterSession, QueryTask[]>();
  /** Memory that those which have begun can take, in the order in which they began. */
  readonly #reserved = new Map<QueryTask, number>();
  #bytes = 0;
  #closed = 0;

  constructor(options: QueryLimits, tasks: SessionTasks, ports: Omit<QueryPorts, 'answered' | 'mayBegin'>) {
    this.#options = options;
    this.#tasks = tasks;
    this.#ports = {
      ...ports,
      mayBegin: (task) => this.#mayBegin(task),
      answered: (task) => {
        this.#answered(task);
      },
    };
  }

  /** Memory that answers which are not sent yet can take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sessions closed because they did not read their answers while the memory of all was needed. */
  get closed(): number {
    return this.#closed;
  }

  /** @throws ClaspError 202 for a pattern that is invalid or has too many `**`, 429 for one QUERY too many */
  query(session: RouterSession, message: QueryMessage): void {
    const pattern = parsePattern(message.pattern);
    checkGlobstars(pattern, this.#options);
    const earlier = this.#unanswered.get(session) ?? [];
    if (earlier.length >= MAX_UNANSWERED_QUERIES) {
      const text = `Query limit reached: ${MAX_UNANSWERED_QUERIES} queries of this session are unanswered, which is the limit`;
      throw new ClaspError(ErrorCode.RateLimited, text, { address: pattern });
    }
    const task = new QueryTask(session, pattern, this.#ports);
    this.#unanswered.set(session, [...earlier, task]);
    this.#tasks.begin(task, STEPS_AT_ONCE);
  }

  /**
   * Says something behind the answers to the QUERYs so far: a client that sends a SYNC right behind a QUERY takes its answer for the
   * end of the RESULTs. One thing waits for each QUERY.
   *
   * @returns false if nothing has to wait; then nothing was said
   */
  sayAfterwards(session: RouterSession, say: () => void): boolean {
    const last = this.#unanswered.get(session)?.at(-1);
    if (last === undefined || last.next !== undefined) return false;
    last.next = say;
    return true;
  }

  /** A session has gone. */
  forget(session: RouterSession): void {
    for (const task of this.#unanswered.get(session) ?? []) this.#release(task);
    this.#unanswered.delete(session);
  }

  /**
   * Reserves the memory of an answer. If it is used up, the session that has not read for longest is closed. If all read, the answer
   * waits for theirs.
   */
  #mayBegin(task: QueryTask): boolean {
    const { maxQueryBytes } = this.#options;
    const bytes = this.#ports.signals.size * FOUND_BYTES;
    while (maxQueryBytes > 0 && this.#bytes > 0 && this.#bytes + bytes > maxQueryBytes) {
      const slowest = this.#slowest();
      if (slowest === undefined) return false;
      this.#closed++;
      this.forget(slowest);
      this.#tasks.forget(slowest);
      const text = `Too slow: it has not read the answer to its QUERY, and the answers of all sessions take ${maxQueryBytes} bytes (maxQueryBytes)`;
      slowest.notify({ type: 'budget.exceeded', error: new ClaspError(ErrorCode.Overloaded, text) });
    }
    this.#reserved.set(task, bytes);
    this.#bytes += bytes;
    return true;
  }

  #slowest(): RouterSession | undefined {
    let slowest: RouterSession | undefined;
    for (const { session } of this.#reserved.keys()) {
      if (session.phase === 'active') continue;
      if (session.phaseSinceMicros < (slowest?.phaseSinceMicros ?? Infinity)) slowest = session;
    }
    return slowest;
  }

  #release(task: QueryTask): void {
    this.#bytes -= this.#reserved.get(task) ?? 0;
    this.#reserved.delete(task);
  }

  #answered(task: QueryTask): void {
    const { session, next } = task;
    this.#release(task);
    const left = this.#unanswered.get(session)?.filter((one) => one !== task) ?? [];
    if (left.length > 0) this.#unanswered.set(session, left);
    else this.#unanswered.delete(session);
    next?.();
  }
}
