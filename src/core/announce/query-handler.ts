import type { queryOptions } from './announce-options.js';
import type { patternOptions } from '../subscriptions/subscription-options.js';
import type { OptionValues } from '../../util/option.js';
import { ClaspError, ErrorCode } from '../../protocol/errors.js';
import type { QueryMessage } from '../../protocol/messages/message.js';
import { parsePattern } from '../../protocol/pattern.js';
import { type QueryPorts, QueryTask } from './query-task.js';
import type { RouterSession } from '../session.js';
import type { SessionTasks } from '../scheduling/session-tasks.js';
import { checkGlobstars } from '../subscriptions/subscribe-handler.js';

/** One reply is always possible. */
export type QueryLimits = OptionValues<typeof queryOptions & typeof patternOptions>;

/** Memory per signal found for a reply. */
export const FOUND_BYTES = 16;
/** Steps of a reply at once, if few were taken in this turn: 0.3 ms, about a hundred definitions. */
const STEPS_AT_ONCE = 16_384;

/**
 * Handles QUERY (router.md 5.8): returns the announced signals that the session can read. Replies are tasks of their
 * session; see {@link QueryTask}. Many QUERYs therefore delay only their own session, and a session that does not read
 * its replies gets no further ones.
 */
export class QueryHandler {
  readonly #options: QueryLimits;
  readonly #tasks: SessionTasks;
  readonly #ports: QueryPorts;
  /** Unanswered QUERYs in order. */
  readonly #unanswered = new Map<RouterSession, QueryTask[]>();
  /** Maximum memory of started replies, in the order of their start. */
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

  /** Maximum memory of unsent replies in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Sessions closed because they did not read their replies while the memory was exhausted. */
  get closed(): number {
    return this.#closed;
  }

  /** @throws ClaspError 202 for a pattern that is invalid or has too many `**`, 429 for too many QUERYs */
  query(session: RouterSession, message: QueryMessage): void {
    const pattern = parsePattern(message.pattern);
    const { maxQueriesPerSession } = this.#options;
    checkGlobstars(pattern, this.#options);
    const earlier = this.#unanswered.get(session) ?? [];
    if (earlier.length >= maxQueriesPerSession) {
      const text = `Query limit reached: ${maxQueriesPerSession} queries of this session are unanswered, which is the limit`;
      throw new ClaspError(ErrorCode.RateLimited, text, { address: pattern });
    }
    const task = new QueryTask(session, pattern, this.#ports);
    this.#unanswered.set(session, [...earlier, task]);
    this.#tasks.begin(task, STEPS_AT_ONCE);
  }

  /**
   * Sends a message after the replies to all earlier QUERYs: a client that sends SYNC directly after QUERY takes the
   * SYNC reply as the end of the RESULTs. One message can wait per QUERY.
   *
   * @returns false if nothing has to wait; then nothing was sent
   */
  runAfterReplies(session: RouterSession, run: () => void): boolean {
    const last = this.#unanswered.get(session)?.at(-1);
    if (last === undefined || last.next !== undefined) return false;
    last.next = run;
    return true;
  }

  /** Removes an ended session. */
  forget(session: RouterSession): void {
    for (const task of this.#unanswered.get(session) ?? []) this.#release(task);
    this.#unanswered.delete(session);
  }

  /**
   * Reserves the memory of a reply. If none is left, the session that has not read for longest is closed. If all
   * sessions read, the reply waits for theirs.
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
      slowest.notify({ type: 'end.budgetExceeded', error: new ClaspError(ErrorCode.Overloaded, text) });
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
