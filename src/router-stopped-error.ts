import type { LibraryErrorCode } from './protocol/library-errors.js';

/** The router was stopped, or stops before the call could be done. */
export class RouterStoppedError extends Error {
  override readonly name = 'RouterStoppedError';
  readonly code = 'CLASP_ERR_ROUTER_STOPPED' satisfies LibraryErrorCode;

  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message };
  }
}
