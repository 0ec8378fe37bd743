import { checkNames } from '../util/arguments.js';
import { type Clock, wallTime } from '../util/clock.js';
import { actionCovers, type Scope } from '../protocol/scope.js';
import { patternCovers } from '../protocol/containment.js';
import {
  type Capability,
  capabilityBytes,
  CapabilityError,
  isCapability,
  isSigned,
  readCapability,
  type SignedCapability,
} from './capability.js';
import { scopesAmong } from './claims.js';
import type { TokenValidator, Validation } from './validator.js';

/** Maximum delegations of a token. */
const MAX_LINKS = 5;
/**
 * Limits of a delegated token: scopes, and `*` and `**` per pattern. Without them, a holder could write patterns
 * whose comparison takes the router a second. With them, the worst known token takes 30 ms.
 */
const MAX_SCOPES = 32;
const MAX_WILDCARDS = 8;

export interface CapabilityTokensOptions {
  /** Raw Ed25519 public keys of trusted root issuers. */
  readonly trustAnchors: readonly Uint8Array[];
  readonly clock: Clock;
}

/**
 * Tokens that are signed instead of stored (router.md 9.5), and that their owner can delegate in part. Every link of
 * a delegated token is verified as if it were presented itself: its signature, its expiry, that its audience signed
 * the next link, and that the next link grants no more than it does.
 *
 * @throws ArgumentError for an unknown option
 */
export function capabilityTokens(options: CapabilityTokensOptions): TokenValidator {
  checkNames('capabilityTokens', options, ['trustAnchors', 'clock'] satisfies (keyof CapabilityTokensOptions)[]);
  const { trustAnchors, clock } = options;
  const trusted = new Set(trustAnchors.map(hex));

  /**
   * Returns the links from the token to its root. Cheap checks come first: a sender without a token of a trusted
   * issuer causes no cryptography and no pattern comparison.
   *
   * @throws CapabilityError
   */
  const chainOf = (bytes: Uint8Array): readonly [SignedCapability, ...SignedCapability[]] => {
    const token = readCapability(bytes);
    const chain: [SignedCapability, ...SignedCapability[]] = [token];
    for (let { parent } = token; parent !== undefined; parent = chain.at(-1)?.parent) {
      if (chain.length > MAX_LINKS) throw new CapabilityError('delegation chain too deep');
      chain.push(readCapability(parent));
    }
    const { issuer } = chain.at(-1)!; // the chain contains at least the token itself
    if (!trusted.has(hex(issuer))) throw new CapabilityError(`untrusted issuer: ${hex(issuer)}`);
    // From the root: each link is checked only after its parent is verified.
    let parentLink: Capability | undefined;
    for (const link of chain.toReversed()) {
      if (!isSigned(link)) throw new CapabilityError('its signature is invalid');
      if (parentLink !== undefined) checkHandedOn(parentLink, link);
      parentLink = link;
    }
    return chain;
  };

  return {
    validate(token): Validation {
      if (!isCapability(token)) return { kind: 'notMine' };
      try {
        const chain = chainOf(capabilityBytes(token));
        const expiresAtSeconds = Math.min(...chain.map((link) => link.expiresAtSeconds));
        if (wallTime(clock) / 1_000 >= expiresAtSeconds) return { kind: 'expired' };
        const { nonce, scopes } = chain[0];
        return {
          kind: 'valid',
          grant: { tokenId: nonce, subject: undefined, scopes: scopesAmong(scopes), constraints: [], expiresAtSeconds },
        };
      } catch (error) {
        if (error instanceof CapabilityError) return { kind: 'invalid', reason: error.message };
        throw error;
      }
    },
  };
}

/** @throws CapabilityError unless the parent's audience issued the child, with no more scopes than the parent's */
function checkHandedOn(parent: Capability, child: Capability): void {
  if (parent.audience === undefined) throw new CapabilityError('a token without an audience cannot be delegated');
  if (hex(parent.audience) !== hex(child.issuer)) {
    throw new CapabilityError('it was delegated by another issuer than the audience of its parent');
  }
  const held = scopesAmong(parent.scopes);
  const wanted = scopesAmong(child.scopes);
  if (held.length > MAX_SCOPES || wanted.length > MAX_SCOPES) {
    throw new CapabilityError(`a token with more than ${MAX_SCOPES} scopes cannot be delegated`);
  }
  if ([...held, ...wanted].some(({ pattern }) => (pattern.match(/\*+/g)?.length ?? 0) > MAX_WILDCARDS)) {
    throw new CapabilityError(`a pattern with more than ${MAX_WILDCARDS} wildcards cannot be delegated`);
  }
  const excess = wanted.find((scope) => !held.some((one) => includes(one, scope)));
  if (excess !== undefined)
    throw new CapabilityError(`it grants more than its parent: ${excess.action}:${excess.pattern}`);
}

function includes(held: Scope, wanted: Scope): boolean {
  return actionCovers(held.action, wanted.action) && patternCovers(held.pattern, wanted.pattern);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
