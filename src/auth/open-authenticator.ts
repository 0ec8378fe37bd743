import { checkNames } from '../util/arguments.js';
import type { Authenticator, Logger } from '../core/ports.js';
import { type Clock, systemClock } from '../util/clock.js';
import { authenticator } from './authenticator.js';
import { capabilityTokens } from './capability-tokens.js';
import { CpskTokens } from './cpsk-tokens.js';
import { type JwtKey, jwtTokens } from './jwt-tokens.js';
import { jwksFile, jwtPublicKey, jwtSecret, trustAnchor } from './key-files.js';

export interface OpenAuthenticatorOptions {
  /** The folder with the tokens of `clasp-router token create`. */
  readonly dataDir: string;
  /** File with the secret of HS256 tokens. */
  readonly jwtSecretPath?: string | undefined;
  /** File with the Ed25519 public key of EdDSA tokens, in PEM. */
  readonly jwtKeyPath?: string | undefined;
  /** JWKS file with such keys. */
  readonly jwksPath?: string | undefined;
  readonly jwtIssuer?: string | undefined;
  readonly jwtAudience?: string | undefined;
  /** Files with the public keys of trusted capability issuers. */
  readonly trustAnchorPaths?: readonly string[] | undefined;
  /** @default the system clock */
  readonly clock?: Clock | undefined;
  readonly logger: Logger;
}

/** An authenticator that watches files until it is closed. */
export interface OpenAuthenticator extends Authenticator {
  close(): void;
}

const optionNames = {
  dataDir: true,
  jwtSecretPath: true,
  jwtKeyPath: true,
  jwksPath: true,
  jwtIssuer: true,
  jwtAudience: true,
  trustAnchorPaths: true,
  clock: true,
  logger: true,
} satisfies Record<keyof OpenAuthenticatorOptions, true>;

/**
 * Opens an authenticator for the router's own tokens, JWTs, and capability tokens of trusted issuers.
 *
 * @throws AuthError for a file that cannot be used, ArgumentError for an unknown option
 */
export async function openAuthenticator(options: OpenAuthenticatorOptions): Promise<OpenAuthenticator> {
  checkNames('openAuthenticator', options, Object.keys(optionNames));
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
