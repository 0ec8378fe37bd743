import type { Authenticator, Grant } from '../core/ports.js';
import { ClaspError, ErrorCode } from '../protocol/errors.js';
import type { TokenValidator, Validation } from './validator.js';

/** Maximum characters of a token. A frame can carry four times as many. */
const MAX_TOKEN_LENGTH = 16_384;

/** Asks the validators in order; the first one that recognizes the token decides (router.md 9.3). */
export function authenticator(validators: readonly TokenValidator[]): Authenticator {
  /** The validator of each grant. */
  const issuers = new WeakMap<Grant, TokenValidator>();
  return {
    async authenticate(token) {
      if (token.length > MAX_TOKEN_LENGTH) {
        throw unauthorized(`Invalid token: it has ${token.length} characters; the limit is ${MAX_TOKEN_LENGTH}`);
      }
      if (validators.length === 0) throw new ClaspError(ErrorCode.InternalError, 'Server misconfiguration');
      for (const validator of validators) {
        const validation = await verdictOf(validator, token);
        if (validation.kind === 'notMine') continue;
        const grant = grantOf(validation, token);
        issuers.set(grant, validator);
        return grant;
      }
      throw unauthorized(
        validators.length === 1 ? 'Unrecognized token format' : 'Invalid token: no validator accepted the token',
      );
    },
    onRevoked: (grant, listener) => issuers.get(grant)?.onRevoked?.(grant, listener) ?? (() => undefined),
  };
}

/** @throws ValidatorFault for anything that the validator throws */
async function verdictOf(validator: TokenValidator, token: string): Promise<Validation> {
  try {
    return await validator.validate(token);
  } catch (error) {
    throw new ValidatorFault(error);
  }
}

/** A validator failed. Only the name of its error is used, because the message can contain secrets. */
class ValidatorFault extends Error {
  override readonly name: string;

  constructor(thrown: unknown) {
    super('a token validator failed');
    this.name = thrown instanceof Error ? thrown.name : 'ValidatorFault';
  }
}

/** @throws ClaspError 300, 302 */
function grantOf(validation: Exclude<Validation, { readonly kind: 'notMine' }>, token: string): Grant {
  switch (validation.kind) {
    case 'valid':
      return validation.grant;
    case 'expired':
      throw new ClaspError(ErrorCode.TokenExpired, 'Token has expired');
    case 'invalid':
      // The reason is sent to the peer and logged, so it must not contain the token.
      throw unauthorized(`Invalid token: ${validation.reason.replaceAll(token, '...')}`);
  }
}

function unauthorized(text: string): ClaspError {
  return new ClaspError(ErrorCode.Unauthorized, text);
}
