import type { LibraryErrorCode } from '../util/library-errors.js';

/** The router was stopped, or stops before the call could be done. */
export class RouterStoppedError extends Error {
  override readonly name = 'RouterStoppedError';
  readonly code = 'CLASP_ERR_ROUTER_STOPPED' satisfies LibraryErrorCode;

  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message };
  }
}

/**
 * The same promise, except that a rejection with RouterStoppedError needs no handler: a program that stops a router rarely waits for what
 * it has begun before. Other rejections that no one handles are reported by the runtime as usual.
 */
export function unlessStopped<T>(promise: Promise<T>): Promise<T> {
  const same: Promise<T> = promise.catch((error: unknown) => {
    if (error instanceof RouterStoppedError) same.catch(() => undefined);
    throw error;
  });
  return same;
}
