import type { LibraryErrorCode } from '../util/library-errors.js';

/** The router was stopped, or stopped before the call was complete. */
export class RouterStoppedError extends Error {
  override readonly name = 'RouterStoppedError';
  readonly code = 'CLASP_ERR_ROUTER_STOPPED' satisfies LibraryErrorCode;

  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message };
  }
}

/**
 * Returns the same promise, except that a rejection with RouterStoppedError needs no handler: a program that stops a
 * router rarely waits for its earlier calls. The runtime reports other unhandled rejections as usual.
 */
export function unlessStopped<T>(promise: Promise<T>): Promise<T> {
  const same: Promise<T> = promise.catch((error: unknown) => {
    if (error instanceof RouterStoppedError) same.catch(() => undefined);
    throw error;
  });
  return same;
}
