import { describe, expect, it } from '@jest/globals';
import { addressSegments, parseAddress, utf8Length } from '../../src/protocol/address.js';
import { ClaspError, ErrorCode } from '../../src/protocol/errors.js';
import { MAX_ADDRESS_BYTES } from '../../src/protocol/limits.js';

describe('parseAddress', () => {
  it.each([
    '/',
    '/a',
    '/a/',
    '/a/b/c',
    '/lights/3/dim',
    '/A b/ä/日本/💡',
    '/?[]{}!\\()+.^$|',
    '/__proto__/constructor',
    '/\0',
    '/%2F',
  ])('accepts %j unchanged', (text) => {
    expect(parseAddress(text)).toBe(text);
  });

  it.each([
    ['', 'it is empty'],
    ['a', 'it does not start with "/"'],
    ['lights/3', 'it does not start with "/"'],
    [' /a', 'it does not start with "/"'],
    ['\ufeff/a', 'it does not start with "/"'],
    ['//', 'it has an empty segment'],
    ['//a', 'it has an empty segment'],
    ['/a//b', 'it has an empty segment'],
    ['/a//', 'it has an empty segment'],
    ['/*', 'an address must not contain "*"'],
    ['/a/**', 'an address must not contain "*"'],
    ['/zone*', 'an address must not contain "*"'],
  ])('rejects %j', (text, fault) => {
    expect(() => parseAddress(text)).toThrow(ClaspError);
    expect(() => parseAddress(text)).toThrow(
      expect.objectContaining({ code: ErrorCode.InvalidAddress, address: text, message: `invalid address: ${fault}` }),
    );
  });

  it.each([
    ['one-byte characters', 'x', 1],
    ['two-byte characters', 'é', 2],
    ['three-byte characters', '日', 3],
    ['four-byte characters', '💡', 4],
  ])('measures its limit in UTF-8 bytes, for %s', (_, character, width) => {
    const fitting = `/${'x'.repeat((MAX_ADDRESS_BYTES - 1) % width)}${character.repeat(Math.floor((MAX_ADDRESS_BYTES - 1) / width))}`;
    expect(utf8Length(fitting)).toBe(MAX_ADDRESS_BYTES);
    expect(parseAddress(fitting)).toBe(fitting);
    expect(() => parseAddress(`${fitting}x`)).toThrow(
      `it is ${MAX_ADDRESS_BYTES + 1} bytes; the limit is ${MAX_ADDRESS_BYTES}`,
    );
  });
});

describe('addressSegments', () => {
  it.each([
    ['/', ['']],
    ['/a', ['a']],
    ['/a/', ['a', '']],
    ['/a/b/c', ['a', 'b', 'c']],
  ])('of %j returns %j', (address, segments) => expect(addressSegments(address)).toEqual(segments));
});

describe('utf8Length', () => {
  it.each([
    '',
    'a',
    '\u007f',
    '\u0080',
    '\u07ff',
    '\u0800',
    '\uffff',
    '💡',
    '\ud800',
    '\udc00',
    'a\ud800b',
    '\ud800\ud800',
    '\udc00\ud800',
    '💡\ud83d',
  ])('of %j equals the output length of TextEncoder', (text) =>
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length),
  );
});
