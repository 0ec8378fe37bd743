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
    throw error; // whatever it is
  },
});

async function refusal(chain: Authenticator, token = TOKEN): Promise<ClaspError> {
  const error: unknown = await chain.authenticate(token).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClaspError);
  return error as ClaspError; // as was just seen
}

describe('authenticator', () => {
  it('gives what the first validator gives that knows the token', async () => {
    const asked: string[] = [];
    const chain = authenticator([
      { validate: (token) => (asked.push(token), { kind: 'notMine' }) },
      saying({ kind: 'valid', grant }),
      { validate: () => (asked.push('too late'), { kind: 'expired' }) },
    ]);
    expect(await chain.authenticate(TOKEN)).toBe(grant);
    expect(asked).toEqual([TOKEN]);
  });

  it('takes the word of the first one that knows it, also when that is no', async () => {
    const chain = authenticator([saying({ kind: 'expired' }), saying({ kind: 'valid', grant })]);
    expect((await refusal(chain)).code).toBe(ErrorCode.TokenExpired);
  });

  it.each<[string, readonly TokenValidator[], ErrorCode, string]>([
    ['expired', [saying({ kind: 'expired' })], 302, 'Token has expired'],
    ['bad', [saying({ kind: 'invalid', reason: 'token not found' })], 300, 'Invalid token: token not found'],
    ['unknown to the only validator', [saying({ kind: 'notMine' })], 300, 'Unrecognized token format'],
    [
      'unknown to all',
      [saying({ kind: 'notMine' }), saying({ kind: 'notMine' })],
      300,
      'Invalid token: no validator accepted the token',
    ],
    ['there without a validator', [], 500, 'Server misconfiguration'],
  ])('has the words of the specification for a token that is %s', async (_, validators, code, text) => {
    expect(await refusal(authenticator(validators))).toMatchObject({ code, message: text });
  });

  it.each([
    ['an error', new Error(`cannot parse ${TOKEN}`)],
    ['a ClaspError', new ClaspError(ErrorCode.Unauthorized, `cannot parse ${TOKEN}`)],
    ['no error', TOKEN],
  ])('says nothing of what a validator throws: %s', async (_, thrown) => {
    const failure: unknown = await authenticator([failing(thrown)])
      .authenticate(TOKEN)
      .catch((error: unknown) => error);
    expect(failure).not.toBeInstanceOf(ClaspError); // so it is 500 for the peer (ports.ts)
    expect(failure).toMatchObject({ message: 'a token validator failed' });
    expect(inspect(failure, { depth: 9 })).not.toContain(TOKEN);
  });

  it('tells no reason that quotes the token', async () => {
    const chain = authenticator([saying({ kind: 'invalid', reason: `${TOKEN} is not in the list` })]);
    expect((await refusal(chain)).message).toBe('Invalid token: ... is not in the list');
  });

  it('asks no other validator when one has failed: the token could be one that it has to refuse', async () => {
    const chain = authenticator([failing(new Error('no')), saying({ kind: 'valid', grant })]);
    await expect(chain.authenticate(TOKEN)).rejects.toThrow();
  });

  it('looks at no token that is longer than any of its kinds', async () => {
    const chain = authenticator([saying({ kind: 'valid', grant })]);
    expect(await chain.authenticate('x'.repeat(16_384))).toBe(grant);
    expect(await refusal(chain, 'x'.repeat(16_385))).toMatchObject({
      code: 300,
      message: 'Invalid token: it has 16385 characters; the limit is 16384',
    });
  });

  it('watches a grant with the validator that gave it, and with no other', async () => {
    const watched: string[] = [];
    const watching = (name: string, validation: Validation): TokenValidator => ({
      validate: () => validation,
      onRevoked: () => (watched.push(`${name} on`), () => void watched.push(`${name} off`)),
    });
    const chain = authenticator([watching('a', { kind: 'notMine' }), watching('b', { kind: 'valid', grant })]);
    const held = await chain.authenticate(TOKEN);
    const stop = chain.onRevoked(held, () => undefined);
    stop();
    chain.onRevoked({ ...held }, () => undefined)(); // made by somebody else
    expect(watched).toEqual(['b on', 'b off']);
  });
});
