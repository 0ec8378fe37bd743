import type { LibraryErrorCode } from '../../util/library-errors.js';

/** Thrown for a file of a newer major format. The file is whole: leave it unchanged. */
export class StoreFormatError extends Error {
  override readonly name = 'StoreFormatError';
  readonly code = 'CLASP_ERR_STORE_FORMAT' satisfies LibraryErrorCode;
}
