import { ClaspError, ErrorCode } from '../protocol/errors.js';
import type { RouterSession } from './session.js';

/** Internal errors of one session within {@link WINDOW_MICROS} that close it. */
export const MAX_INTERNAL_ERRORS = 10;
const WINDOW_MICROS = 10_000_000;

interface Window {
  count: number;
  sinceMicros: number;
}

/**
 * Logs an internal error.
 *
 * @param work what failed: a message type, or the name of other work
 */
export type LogInternalError = (error: unknown, work: string, session: RouterSession | undefined) => void;

/**
 * Counts what the router's own code throws while it handles a message or does other work. Each such error is a bug in the router. It
 * costs that piece of work; a session whose messages cause several of them is closed.
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

  /** Counts an error of a session's own message. @returns whether it is the last one that the session may cause */
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
