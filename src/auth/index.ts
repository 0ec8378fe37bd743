/** Authentication with the router's own tokens, JWTs, capability tokens, and custom validators; permissions. */

export { AuthError } from './auth-error.js';
export { authenticator } from './authenticator.js';
export { type CapabilityOptions, createCapability } from './capability.js';
export { capabilityTokens, type CapabilityTokensOptions } from './capability-tokens.js';
export { CpskTokens, type CpskTokensOptions } from './cpsk-tokens.js';
export { type JwtKey, jwtTokens, type JwtTokensOptions } from './jwt-tokens.js';
export { jwksFile, jwtPublicKey, jwtSecret, trustAnchor } from './key-files.js';
export { type OpenAuthenticator, openAuthenticator, type OpenAuthenticatorOptions } from './open-authenticator.js';
export { createToken, type CreateTokenOptions, listTokens, revokeToken, type TokenInfo } from './manage-tokens.js';
export type { TokenValidator, Validation } from './validator.js';
export type {
  Authenticator,
  Constraint,
  Grant,
  ProposedWrite,
  SessionIdentity,
  VisibilityFilter,
  WriteValidator,
} from '../core/ports.js';
export { formatScope, parseScope, parseScopes, type Scope, type ScopeAction } from '../protocol/scope.js';
