import type { Pattern } from '../../protocol/pattern.js';
import type { RouterSession } from '../session.js';

/** Work for one session that can take longer than a turn of the event loop permits. */
export interface Task {
  readonly session: RouterSession;
  /** The pattern of the request. */
  readonly pattern: Pattern;
  /** Continues until the task is done or has taken about `maxSteps`. @returns the steps taken, more than 0 */
  run(maxSteps: number): number;
  readonly isDone: boolean;
  /** Called after {@link run} has thrown; `run` is not called again. */
  failed?(): void;
}

/** Steps of one turn for the tasks of all sessions together: 0.3 ms of work. */
const STEPS_PER_TURN = 16_384;
/** Steps charged for a slice that threw. */
const STEPS_OF_FAILED = 300;

/**
 * Runs tasks in slices, round robin between sessions, so that a long task delays neither other messages nor other
 * sessions' tasks. The tasks of one session run in order. The tasks of a congested session are paused.
 */
export class SessionTasks {
  readonly #report: (task: Task, error: unknown) => void;
  /** All tasks; those of one session in their order. */
  readonly #tasks = new Map<RouterSession, Set<Task>>();
  /** Sessions with runnable tasks, in order of execution. */
  readonly #ready = new Set<RouterSession>();
  /** Steps left in this turn. */
  #budget = STEPS_PER_TURN;
  #steps = 0;

  /**
   * @param report called with a task that threw in {@link advance}, after which it is dropped. @default throws the
   *   error again
   */
  constructor(report: (task: Task, error: unknown) => void = rethrow) {
    this.#report = report;
  }

  /** Whether {@link advance} has work. */
  get pending(): boolean {
    return this.#ready.size > 0;
  }

  /** Steps taken so far. */
  get steps(): number {
    return this.#steps;
  }

  /** Number of unfinished tasks. */
  get size(): number {
    let size = 0;
    for (const tasks of this.#tasks.values()) size += tasks.size;
    return size;
  }

  /**
   * Begins a task. It runs synchronously, unless an earlier task of the session waits, the session is congested, or the
   * steps of this turn are used up.
   *
   * @param maxSteps steps it can take at once
   * @throws the exception of the task, which is dropped
   */
  begin(task: Task, maxSteps: number): void {
    const { session } = task;
    const earlier = this.#tasks.get(session);
    if (earlier === undefined && this.#budget > 0 && session.phase === 'active') {
      try {
        this.#run(task, maxSteps);
      } catch (error) {
        task.failed?.();
        throw error;
      }
      if (task.isDone) return;
    }
    if (earlier === undefined) this.#tasks.set(session, new Set([task]));
    else earlier.add(task);
    if (session.phase === 'active') this.#ready.add(session);
  }

  /** Starts a new turn and continues the tasks, up to the steps of one turn. */
  advance(): void {
    this.#budget = STEPS_PER_TURN;
    while (this.#budget > 0) {
      const [session] = this.#ready;
      if (session === undefined) return;
      this.#ready.delete(session);
      if (session.phase === 'active') this.#runNext(session);
    }
  }

  /** The session can receive messages again. */
  resume(session: RouterSession): void {
    if (this.#tasks.has(session) && session.phase === 'active') this.#ready.add(session);
  }

  /** Drops a task; does nothing if it is done. */
  cancel(task: Task): void {
    const tasks = this.#tasks.get(task.session);
    if (tasks?.delete(task) === true && tasks.size === 0) this.forget(task.session);
  }

  /** Drops the tasks of a session. */
  forget(session: RouterSession): void {
    this.#tasks.delete(session);
    this.#ready.delete(session);
  }

  #run(task: Task, maxSteps: number): void {
    let steps = STEPS_OF_FAILED;
    try {
      steps = task.run(maxSteps);
    } finally {
      this.#budget -= steps;
      this.#steps += steps;
    }
  }

  #runNext(session: RouterSession): void {
    const tasks = this.#tasks.get(session);
    const [task] = tasks ?? [];
    if (task === undefined) return;
    try {
      this.#run(task, this.#budget);
      if (task.isDone) this.cancel(task);
    } catch (error) {
      this.cancel(task);
      this.#report(task, error); // before the replies queued behind it
      task.failed?.();
    }
    // Behind all others, so that a session which keeps sending requests never precedes them.
    if (this.#tasks.has(session)) this.#ready.add(session);
  }
}

function rethrow(_: Task, error: unknown): never {
  throw error;
}
