import { ClaspError, ErrorCode } from '../protocol/errors.js';
import type { RouterSession } from './session.js';

/** Number of internal errors of one session within {@link WINDOW_MICROS} that closes the session. */
export const MAX_INTERNAL_ERRORS = 10;
const WINDOW_MICROS = 10_000_000;

interface Window {
  count: number;
  sinceMicros: number;
}

/**
 * Logs an internal error.
 *
 * @param work the work that failed: a message type, or the name of other work
 */
export type LogInternalError = (error: unknown, work: string, session: RouterSession | undefined) => void;

/**
 * Counts exceptions of the router's own code while it handles a message or does other work. Each one is a bug in the
 * router and aborts only that piece of work. If a session's messages cause several, the router closes the session.
 */
export class InternalErrors {
  readonly #log: LogInternalError;
  readonly #windows = new WeakMap<RouterSession, Window>();
  #count = 0;

  /** @param log @default throws the error again */
  constructor(log: LogInternalError = rethrow) {
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts and logs an error. */
  add(error: unknown, work: string, session?: RouterSession): void {
    this.#count++;
    this.#log(error, work, session);
  }

  /** Counts an error of a session's own message. @returns whether the session has reached the limit */
  isLastOf(session: RouterSession, nowMicros: number): boolean {
    const window = this.#windows.get(session);
    if (window === undefined || nowMicros - window.sinceMicros > WINDOW_MICROS) {
      this.#windows.set(session, { count: 1, sinceMicros: nowMicros });
      return false;
    }
    return ++window.count >= MAX_INTERNAL_ERRORS;
  }
}

/** The ERROR for the sender. @param address of the message, if it has one */
export function internalError(cause: unknown, address?: string): ClaspError {
  return new ClaspError(ErrorCode.InternalError, 'Internal error', {
    cause,
    ...(address !== undefined && { address }),
  });
}

function rethrow(error: unknown): never {
  throw error;
}
