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

/** How often a token may have been handed on. */
const MAX_LINKS = 5;
/**
 * Scopes of a token that was handed on, and `*` and `**` in each of their patterns, at most. Whoever may hand one on could otherwise
 * write patterns that it takes the router a second to compare; like this, the worst token found takes it 30 ms.
 */
const MAX_SCOPES = 32;
const MAX_WILDCARDS = 8;

export interface CapabilityTokensOptions {
  /** Raw Ed25519 public keys of those whose root tokens are trusted. */
  readonly trustAnchors: readonly Uint8Array[];
  readonly clock: Clock;
}

/**
 * Tokens that are signed instead of kept (router.md 9.5), and that their owner can hand on a part of. Of one that was handed on
 * every link is verified as if it were presented itself: its signature, its time, that it was meant for who signed the next, and
 * that the next gives no more than it does.
 */
export function capabilityTokens({ trustAnchors, clock }: CapabilityTokensOptions): TokenValidator {
  const trusted = new Set(trustAnchors.map(hex));

  /**
   * The links from the token to its root. What costs next to nothing comes first: a stranger, who has no token of anybody trusted
   * to begin with, makes the router do no cryptography and no comparing of patterns.
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
    const { issuer } = chain.at(-1)!; // there is at least the token itself
    if (!trusted.has(hex(issuer))) throw new CapabilityError(`untrusted issuer: ${hex(issuer)}`);
    // From the root on: each is looked at only when all it rests upon is proven.
    let parentLink: Capability | undefined;
    for (const link of chain.toReversed()) {
      if (!isSigned(link)) throw new CapabilityError('its signature does not fit');
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

/** @throws CapabilityError unless the parent's owner has made the child, and of no more than there was */
function checkHandedOn(parent: Capability, child: Capability): void {
  if (parent.audience === undefined) throw new CapabilityError('a token without an audience cannot be handed on');
  if (hex(parent.audience) !== hex(child.issuer)) {
    throw new CapabilityError('it was handed on by somebody for whom it was not made');
  }
  const held = scopesAmong(parent.scopes);
  const wanted = scopesAmong(child.scopes);
  if (held.length > MAX_SCOPES || wanted.length > MAX_SCOPES) {
    throw new CapabilityError(`a token with more than ${MAX_SCOPES} scopes cannot be handed on`);
  }
  if ([...held, ...wanted].some(({ pattern }) => (pattern.match(/\*+/g)?.length ?? 0) > MAX_WILDCARDS)) {
    throw new CapabilityError(`a pattern with more than ${MAX_WILDCARDS} wildcards cannot be handed on`);
  }
  const excess = wanted.find((scope) => !held.some((one) => includes(one, scope)));
  if (excess !== undefined)
    throw new CapabilityError(`it gives more than it came from: ${excess.action}:${excess.pattern}`);
}

function includes(held: Scope, wanted: Scope): boolean {
  return actionCovers(held.action, wanted.action) && patternCovers(held.pattern, wanted.pattern);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
