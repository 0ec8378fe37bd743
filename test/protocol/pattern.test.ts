import { describe, expect, it } from '@jest/globals';
import { ClaspError, ErrorCode } from '../../src/protocol/errors.js';
import { MAX_ADDRESS_BYTES } from '../../src/protocol/limits.js';
import { isLiteral, matchPattern, parsePattern } from '../../src/protocol/pattern.js';

// vectors/address-match.json has the table of pattern and address pairs. pattern.property.test.ts has random pairs.

describe('parsePattern', () => {
  it.each(['/', '/*', '/**', '/a/**', '/**/a', '/a/*/**', '/zone*', '/a/', '/[', '/(', '/a?{b}'])(
    'accepts %j',
    (text) => {
      expect(parsePattern(text)).toBe(text);
    },
  );

  it.each(['', '**', '*', 'a/*', '//', '/a//*', '/**//', ` /*`])('rejects %j with ERROR 202', (text) => {
    expect(() => parsePattern(text)).toThrow(ClaspError);
    expect(() => parsePattern(text)).toThrow(
      expect.objectContaining({
        code: ErrorCode.PatternError,
        address: text,
        message: expect.stringMatching(/^invalid pattern: /),
      }),
    );
  });

  it('has the same limit as addresses', () => {
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
  it('stays fast for hostile patterns', () => {
    // Backtracking would try more than "30 choose 15" ways. This matcher takes at most pattern × address steps.
    expect(matchPattern(`/${'*a'.repeat(30)}b`, `/${'a'.repeat(60)}`)).toBe(false);
    expect(matchPattern(`/${'**/a/'.repeat(20)}b`, `/${'a/'.repeat(40)}c`)).toBe(false);
    expect(matchPattern(`/${'**/'.repeat(200)}b`, `/${'a/'.repeat(400)}b`)).toBe(true);
  });
});
