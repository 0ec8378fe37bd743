import { describe, expect, it } from '@jest/globals';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { authenticator, capabilityTokens, createCapability, jwtTokens } from '../../src/auth/index.js';
import { ClaspError } from '../../src/protocol/errors.js';
import { scopesAllow } from '../../src/protocol/scope.js';
import { testKey } from './test-keys.js';

const clock = { now: () => 1_800_000_000_000, setTimeout: () => undefined, clearTimeout: () => undefined };
const [root, desk] = [testKey(1), testKey(2)];
const capabilities = capabilityTokens({ trustAnchors: [root.raw], clock });
const chain = authenticator([
  capabilities,
  jwtTokens({ keys: [{ algorithm: 'HS256', secret: new Uint8Array(32) }], clock }),
]);

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

describe('any text as a token', () => {
  const json = fc.json().map((text) => base64url(Buffer.from(text)));
  const field = fc.oneof(fc.anything({ maxDepth: 2 }), fc.uint8Array({ maxLength: 70 }), fc.constant([...root.raw]));
  const map = fc.dictionary(
    fc.constantFrom('version', 'issuer', 'audience', 'scopes', 'expires_at', 'nonce', 'proofs', 'parent', 'signature'),
    field,
  );
  const encoded = (value: unknown): Uint8Array => {
    try {
      return encode(value);
    } catch {
      return new Uint8Array();
    }
  };

  it.each([
    ['texts', fc.string()],
    ['bytes', fc.uint8Array({ maxLength: 300 }).map((bytes) => `cap_${base64url(bytes)}`)],
    ['maps', map.map((value) => `cap_${base64url(encoded(value))}`)],
    ['JSON', fc.tuple(json, json, json).map((parts) => parts.join('.'))],
  ])('is refused as an error of the peer: %s', async (_, tokens) => {
    await fc.assert(
      fc.asyncProperty(tokens, async (token) => {
        await expect(chain.authenticate(token)).rejects.toBeInstanceOf(ClaspError);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a delegated token', () => {
  const path = (segments: readonly string[]): string => `/${segments.join('/')}`;
  const pattern = fc.array(fc.constantFrom('a', 'b', '*', '**', 'a*'), { minLength: 1, maxLength: 3 }).map(path);
  const scope = fc.tuple(fc.constantFrom('read', 'write', 'admin'), pattern).map((parts) => parts.join(':'));
  const scopes = fc.array(scope, { maxLength: 3 });
  const address = fc.array(fc.constantFrom('a', 'b', 'ab', 'z'), { minLength: 1, maxLength: 4 }).map(path);

  it('never grants what its parent did not', async () => {
    await fc.assert(
      fc.asyncProperty(scopes, scopes, address, async (held, wanted, where) => {
        const make = (from: string | undefined): string =>
          createCapability({
            key: (from === undefined ? root : desk).privateKey,
            audience: desk.publicKey,
            scopes: from === undefined ? held : wanted,
            expiresAtSeconds: 1_800_000_100,
            parent: from,
          });
        const parent = make(undefined);
        const [before, after] = [await capabilities.validate(parent), await capabilities.validate(make(parent))];
        if (before.kind !== 'valid') throw new Error('a root token is not valid');
        if (after.kind !== 'valid') return;
        for (const action of ['read', 'write', 'admin'] as const) {
          if (!scopesAllow(after.grant.scopes, action, where)) continue;
          expect([where, scopesAllow(before.grant.scopes, action, where)]).toEqual([where, true]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
