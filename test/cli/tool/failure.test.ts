import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../src/cli/usage-error.js';
import { failureOf } from '../../../src/cli/tool/failure.js';
import { ClientError } from '../../../src/client/client-error.js';
import { ClaspError, DecodeError, EncodeError, ErrorCode } from '../../../src/protocol/errors.js';

const forbidden = new ClaspError(ErrorCode.Forbidden, 'the token does not cover it', { address: '/a' });
const goodbye = new ClaspError(ErrorCode.ServiceUnavailable, 'shutting down');

describe('failureOf', () => {
  it.each([
    [new UsageError('a slip'), 1, 'a slip'],
    [new EncodeError('PayloadTooLarge', 'too large'), 1, 'too large'],
    [forbidden, 2, 'ERROR 301 Forbidden: the token does not cover it (/a)'],
    [new ClaspError(ErrorCode.LockHeld, '/a is locked', { address: '/a' }), 2, 'ERROR 401 LockHeld: /a is locked'],
    [goodbye, 3, 'ERROR 501 ServiceUnavailable: shutting down'],
    [
      new ClaspError(ErrorCode.ServiceUnavailable, 'no journal', { address: '/a' }),
      2,
      'ERROR 501 ServiceUnavailable: no journal (/a)',
    ],
    [new DecodeError('BadMagic', 'no magic'), 3, 'the peer is not a CLASP router: no magic'],
    [new ClientError('timeout', 'no answer'), 3, 'no answer'],
    [new ClientError('unreachable', 'nobody there'), 3, 'nobody there'],
    [new ClientError('unanswered', 'dropped'), 3, 'dropped'],
    // The reason of the router has precedence, wherever the error contains it.
    [new ClientError('lost', 'gone', forbidden), 2, 'ERROR 301 Forbidden: the token does not cover it (/a)'],
    [new ClientError('closed', 'over', goodbye), 3, 'ERROR 501 ServiceUnavailable: shutting down'],
    [new ClientError('closed', 'over', new ClientError('lost', 'cut')), 3, 'cut'],
    [new ClientError('unreachable', 'cannot connect: refused', new Error('refused')), 3, 'cannot connect: refused'],
  ])('returns the exit code of %p', (error, exitCode, sentence) => {
    expect(failureOf(error)).toEqual({ exitCode, sentence });
  });

  it('returns undefined for an internal error', () => {
    expect(failureOf(new TypeError('x is not a function'))).toBeUndefined();
  });
});
