import { describe, expect, it } from '@jest/globals';
import { ClaspError, ErrorCode } from '../../src/protocol/errors.js';
import { formatScope, parseScope, parseScopes } from '../../src/protocol/scope.js';

describe('a scope as a string', () => {
  it.each([
    ['read:/lights/**', 'read', '/lights/**'],
    ['r:/a', 'read', '/a'],
    ['WRITE:/a', 'write', '/a'],
    ['W:/a/*', 'write', '/a/*'],
    ['Admin:/**', 'admin', '/**'],
    ['a:/a', 'admin', '/a'],
    ['*:/**', 'admin', '/**'],
    ['  read:/a b/c  ', 'read', '/a b/c'],
    ['read:/a:b', 'read', '/a:b'], // split at the first colon
    ['read:/', 'read', '/'],
  ])('%j allows %s on %s', (text, action, pattern) => {
    expect(parseScope(text)).toEqual({ action, pattern });
  });

  it.each([
    ['', 'invalid scope "": it is not an action and a pattern such as "read:/lights/**"'],
    ['/lights', 'invalid scope "/lights": it is not an action and a pattern such as "read:/lights/**"'],
    ['own:/a', 'invalid scope "own:/a": its action is not read, write or admin'],
    [':/a', 'invalid scope ":/a": its action is not read, write or admin'],
    ['__proto__:/a', 'invalid scope "__proto__:/a": its action is not read, write or admin'],
    ['read :/a', 'invalid scope "read :/a": its action is not read, write or admin'],
    ['read:', 'invalid scope "read:": invalid pattern: it is empty'],
    ['read: /a', 'invalid scope "read: /a": invalid pattern: it does not start with "/"'],
    ['read:a', 'invalid scope "read:a": invalid pattern: it does not start with "/"'],
    ['read:/a//b', 'invalid scope "read:/a//b": invalid pattern: it has an empty segment'],
  ])('%j is invalid', (text, sentence) => {
    expect(() => parseScope(text)).toThrow(new ClaspError(ErrorCode.PatternError, sentence));
  });

  it('can be a list with spaces', () => {
    expect(parseScopes('read:/a, w:/b/* ,ADMIN:/c').map(formatScope)).toEqual(['read:/a', 'write:/b/*', 'admin:/c']);
  });

  it.each(['', 'read:/a,', ',read:/a', 'read:/a,,read:/b', 'read:/a,read'])('is not a list: %j', (text) =>
    expect(() => parseScopes(text)).toThrow(ClaspError),
  );

  it('round-trips through its long form', () => {
    const scope = parseScope('w:/a/**/b*');
    expect(formatScope(scope)).toBe('write:/a/**/b*');
    expect(parseScope(formatScope(scope))).toEqual(scope);
  });
});
