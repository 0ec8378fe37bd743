import type { Grant } from '../core/ports.js';

/** Result of a validation. */
export type Validation =
  | { readonly kind: 'valid'; readonly grant: Grant }
  /** The token was valid in the past. */
  | { readonly kind: 'expired' }
  /** The token is of this kind, and invalid. The reason is sent to the peer and must not quote the token. */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** The token is of another kind; the next validator is asked. */
  | { readonly kind: 'notMine' };

/** Validator of one kind of tokens. Implement it to accept your own tokens. */
export interface TokenValidator {
  /** An exception counts as a failure of the validator: the peer gets no details, the log only the error's name. */
  validate(token: string): Validation | Promise<Validation>;
  /**
   * Calls the listener once when a grant of this validator ends because its token was revoked. Omit it if tokens
   * cannot be revoked.
   *
   * @returns stops watching
   */
  onRevoked?(grant: Grant, listener: () => void): () => void;
}
