import type { Authenticator, Logger } from '../core/ports.js';
import { type Clock, systemClock } from '../util/clock.js';
import { authenticator } from './authenticator.js';
import { capabilityTokens } from './capability-tokens.js';
import { CpskTokens } from './cpsk-tokens.js';
import { type JwtKey, jwtTokens } from './jwt-tokens.js';
import { jwksFile, jwtPublicKey, jwtSecret, trustAnchor } from './key-files.js';

export interface OpenAuthenticatorOptions {
  /** The folder with the tokens that `clasp-router token create` makes. */
  readonly dataDir: string;
  /** A file with the secret of HS256 tokens. */
  readonly jwtSecretPath?: string | undefined;
  /** A file with the Ed25519 public key of EdDSA tokens, in PEM. */
  readonly jwtKeyPath?: string | undefined;
  /** A JWKS file with such keys. */
  readonly jwksPath?: string | undefined;
  readonly jwtIssuer?: string | undefined;
  readonly jwtAudience?: string | undefined;
  /** Files with the public keys of those whose capability tokens are trusted. */
  readonly trustAnchorPaths?: readonly string[] | undefined;
  /** @default the system's */
  readonly clock?: Clock | undefined;
  readonly logger: Logger;
}

/** An authenticator that looks at files, until it is closed. */
export interface OpenAuthenticator extends Authenticator {
  close(): void;
}

/** Everybody the files know: those with tokens of this router's own, of others, and of trusted issuers. @throws AuthError */
export async function openAuthenticator(options: OpenAuthenticatorOptions): Promise<OpenAuthenticator> {
  const {
    dataDir,
    jwtSecretPath,
    jwtKeyPath,
    jwksPath,
    jwtIssuer,
    jwtAudience,
    trustAnchorPaths = [],
    logger,
  } = options;
  const clock = options.clock ?? systemClock;
  const keys: readonly JwtKey[] = [
    ...(jwtSecretPath === undefined ? [] : [await jwtSecret(jwtSecretPath)]),
    ...(jwtKeyPath === undefined ? [] : [await jwtPublicKey(jwtKeyPath)]),
    ...(jwksPath === undefined ? [] : [await jwksFile(jwksPath)]),
  ];
  const trustAnchors = await Promise.all(trustAnchorPaths.map(trustAnchor));
  const cpsk = await CpskTokens.open({ dataDir, clock, logger });
  const chain = authenticator([
    cpsk,
    ...(trustAnchors.length === 0 ? [] : [capabilityTokens({ trustAnchors, clock })]),
    ...(keys.length === 0 ? [] : [jwtTokens({ keys, issuer: jwtIssuer, audience: jwtAudience, clock })]),
  ]);
  return {
    ...chain,
    close: () => {
      cpsk.close();
    },
  };
}
