import type { LibraryErrorCode } from '../util/library-errors.js';

/** An invalid declaration. The message is one plain sentence that names it. */
export class SignalsError extends Error {
  override readonly name = 'SignalsError';
  readonly code = 'CLASP_ERR_SIGNALS' satisfies LibraryErrorCode;
}
