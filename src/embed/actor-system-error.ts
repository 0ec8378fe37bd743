import type { LibraryErrorCode } from '../util/library-errors.js';

/** An actor system has no router where one is asked for, or two with the same system ids. */
export class ActorSystemError extends Error {
  override readonly name = 'ActorSystemError';
  readonly code = 'CLASP_ERR_SYSTEM' satisfies LibraryErrorCode;
}
