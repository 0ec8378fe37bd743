import type { LibraryErrorCode } from '../util/library-errors.js';

/** A listener that cannot be opened. The message is one plain sentence that states the problem and the fix. */
export class TransportError extends Error {
  override readonly name: string = 'TransportError';
  readonly code: LibraryErrorCode = 'CLASP_ERR_TRANSPORT';

  toJSON(): object {
    const { name, code, message } = this;
    return { name, code, message };
  }
}

/** A transport that this installation does not support. Other transports can still be opened. */
export class TransportUnavailable extends TransportError {
  override readonly name = 'TransportUnavailable';
  override readonly code = 'CLASP_ERR_TRANSPORT_UNAVAILABLE' satisfies LibraryErrorCode;
}
