import type { LibraryErrorCode } from '../util/library-errors.js';

/**
 * A file of tokens or keys is invalid or not accessible. The message is one sentence for the operator of the router.
 */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly code = 'CLASP_ERR_AUTH' satisfies LibraryErrorCode;
}
