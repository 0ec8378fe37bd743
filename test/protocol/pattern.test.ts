import { describe, expect, it } from '@jest/globals';
import { ClaspError, ErrorCode } from '../../src/protocol/errors.js';
import { MAX_ADDRESS_BYTES } from '../../src/protocol/limits.js';
import { isLiteral, matchPattern, parsePattern } from '../../src/protocol/pattern.js';

// The table of pattern and address pairs is in vectors/address-match.json; pattern.property.test.ts has the random ones.

describe('parsePattern', () => {
  it.each(['/', '/*', '/**', '/a/**', '/**/a', '/a/*/**', '/zone*', '/a/', '/[', '/(', '/a?{b}'])(
    'takes %j',
    (text) => {
      expect(parsePattern(text)).toBe(text);
    },
  );

  it.each(['', '**', '*', 'a/*', '//', '/a//*', '/**//', ` /*`])('refuses %j with ERROR 202', (text) => {
    expect(() => parsePattern(text)).toThrow(ClaspError);
    expect(() => parsePattern(text)).toThrow(
      expect.objectContaining({
        code: ErrorCode.PatternError,
        address: text,
        message: expect.stringMatching(/^invalid pattern: /),
      }),
    );
  });

  it('has the limit of addresses', () => {
    const longest = `/${'*'.repeat(MAX_ADDRESS_BYTES - 1)}`;
    expect(parsePattern(longest)).toBe(longest);
    expect(() => parsePattern(`${longest}*`)).toThrow(
      expect.objectContaining({ code: ErrorCode.PatternError, address: `${longest}*` }),
    );
  });
});

describe('isLiteral', () => {
  it.each([
    ['/a/b', true],
    ['/a?', true],
    ['/*', false],
    ['/a/b*', false],
    ['/**', false],
  ])('of %j is %j', (pattern, literal) => expect(isLiteral(pattern)).toBe(literal));
});

describe('matchPattern', () => {
  it('does not blow up on patterns made to', () => {
    // Backtracking would try 30 over 15 ways and more; this is at most pattern × address.
    expect(matchPattern(`/${'*a'.repeat(30)}b`, `/${'a'.repeat(60)}`)).toBe(false);
    expect(matchPattern(`/${'**/a/'.repeat(20)}b`, `/${'a/'.repeat(40)}c`)).toBe(false);
    expect(matchPattern(`/${'**/'.repeat(200)}b`, `/${'a/'.repeat(400)}b`)).toBe(true);
  });
});
