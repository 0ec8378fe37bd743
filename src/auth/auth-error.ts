import type { LibraryErrorCode } from '../util/library-errors.js';

/** Something is wrong with a file of tokens or keys. The message is one plain sentence for whoever runs the router. */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly code = 'CLASP_ERR_AUTH' satisfies LibraryErrorCode;
}
