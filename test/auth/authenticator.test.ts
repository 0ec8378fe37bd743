import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Authenticator, Grant } from '../../src/core/ports.js';
import { authenticator, type TokenValidator, type Validation } from '../../src/auth/index.js';
import { ClaspError, ErrorCode } from '../../src/protocol/errors.js';

const TOKEN = 'cpsk_0123456789abcdef0123456789abcdef';
const grant: Grant = { tokenId: 'one', subject: 'desk', scopes: [], constraints: [], expiresAtSeconds: undefined };

const saying = (validation: Validation): TokenValidator => ({ validate: () => validation });
const failing = (error: unknown): TokenValidator => ({
  validate: () => {
    throw error; // rethrown unchanged
  },
});

async function refusal(chain: Authenticator, token = TOKEN): Promise<ClaspError> {
  const error: unknown = await chain.authenticate(token).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClaspError);
  return error as ClaspError; // asserted above
}

describe('authenticator', () => {
  it('returns the grant of the first validator that recognizes the token', async () => {
    const asked: string[] = [];
    const chain = authenticator([
      { validate: (token) => (asked.push(token), { kind: 'notMine' }) },
      saying({ kind: 'valid', grant }),
      { validate: () => (asked.push('too late'), { kind: 'expired' }) },
    ]);
    expect(await chain.authenticate(TOKEN)).toBe(grant);
    expect(asked).toEqual([TOKEN]);
  });

  it('accepts the result of the first validator that recognizes the token, also a refusal', async () => {
    const chain = authenticator([saying({ kind: 'expired' }), saying({ kind: 'valid', grant })]);
    expect((await refusal(chain)).code).toBe(ErrorCode.TokenExpired);
  });

  it.each<[string, readonly TokenValidator[], ErrorCode, string]>([
    ['expired', [saying({ kind: 'expired' })], 302, 'Token has expired'],
    ['bad', [saying({ kind: 'invalid', reason: 'token not found' })], 300, 'Invalid token: token not found'],
    ['unknown to the only validator', [saying({ kind: 'notMine' })], 300, 'Unrecognized token format'],
    [
      'unknown to all validators',
      [saying({ kind: 'notMine' }), saying({ kind: 'notMine' })],
      300,
      'Invalid token: no validator accepted the token',
    ],
    ['checked without a validator', [], 500, 'Server misconfiguration'],
  ])('uses the text of the specification for a token that is %s', async (_, validators, code, text) => {
    expect(await refusal(authenticator(validators))).toMatchObject({ code, message: text });
  });

  it.each([
    ['an error', new Error(`cannot parse ${TOKEN}`)],
    ['a ClaspError', new ClaspError(ErrorCode.Unauthorized, `cannot parse ${TOKEN}`)],
    ['no error', TOKEN],
  ])('reveals nothing of what a validator throws: %s', async (_, thrown) => {
    const failure: unknown = await authenticator([failing(thrown)])
      .authenticate(TOKEN)
      .catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(ClaspError); // so the peer gets 500 (ports.ts)
    expect(failure).toMatchObject({ message: 'a token validator failed' });
    expect(inspect(failure, { depth: 9 })).not.toContain(TOKEN);
  });

  it('reports no reason that quotes the token', async () => {
    const chain = authenticator([saying({ kind: 'invalid', reason: `${TOKEN} is not in the list` })]);
    expect((await refusal(chain)).message).toBe('Invalid token: ... is not in the list');
  });

  it('asks no further validator after one has failed: that one might have refused the token', async () => {
    const chain = authenticator([failing(new Error('no')), saying({ kind: 'valid', grant })]);
    await expect(chain.authenticate(TOKEN)).rejects.toThrow();
  });

  it('rejects a token that is longer than any kind allows, without validation', async () => {
    const chain = authenticator([saying({ kind: 'valid', grant })]);
    expect(await chain.authenticate('x'.repeat(16_384))).toBe(grant);
    expect(await refusal(chain, 'x'.repeat(16_385))).toMatchObject({
      code: 300,
      message: 'Invalid token: it has 16385 characters; the limit is 16384',
    });
  });

  it('watches a grant only with the validator that issued it', async () => {
    const watched: string[] = [];
    const watching = (name: string, validation: Validation): TokenValidator => ({
      validate: () => validation,
      onRevoked: () => (watched.push(`${name} on`), () => void watched.push(`${name} off`)),
    });
    const chain = authenticator([watching('a', { kind: 'notMine' }), watching('b', { kind: 'valid', grant })]);
    const held = await chain.authenticate(TOKEN);
    const stop = chain.onRevoked(held, () => undefined);
    stop();
    chain.onRevoked({ ...held }, () => undefined)(); // not issued by the authenticator
    expect(watched).toEqual(['b on', 'b off']);
  });
});
