import type { Grant } from '../core/ports.js';

/** What somebody who knows a kind of tokens says of one. */
export type Validation =
  | { readonly kind: 'valid'; readonly grant: Grant }
  /** It was good once. */
  | { readonly kind: 'expired' }
  /** It is of this kind, and bad. The reason is told to whoever sent it: it must not quote the token. */
  | { readonly kind: 'invalid'; readonly reason: string }
  /** It is of another kind: somebody else is asked. */
  | { readonly kind: 'notMine' };

/** One kind of tokens. Write one to let people in by your own. */
export interface TokenValidator {
  /** Anything thrown is taken for a fault of the validator's: the peer is told nothing of it, the log only its name. */
  validate(token: string): Validation | Promise<Validation>;
  /**
   * Calls back, once, when a grant of this validator's ends because its token was revoked. Left out where tokens cannot be.
   *
   * @returns stops watching
   */
  onRevoked?(grant: Grant, listener: () => void): () => void;
}
