import type { LibraryErrorCode } from '../util/library-errors.js';

/** The actor system has no router with the requested system id, or two with the same one. */
export class ActorSystemError extends Error {
  override readonly name = 'ActorSystemError';
  readonly code = 'CLASP_ERR_SYSTEM' satisfies LibraryErrorCode;
}
