import { describe, expect, it } from '@jest/globals';
import { didYouMean } from '../../src/util/did-you-mean.js';

describe('didYouMean', () => {
  it.each<[string, readonly string[], string | undefined]>([
    ['prot', ['host', 'port'], 'port'],
    ['hosts', ['posts', 'host'], 'posts'], // both differ by one letter: the first
    ['hosts', ['host', 'posts'], 'host'],
    ['maxParam', ['maxRate', 'maxPaced', 'maxParams'], 'maxParams'], // the third differs by one letter
    ['quic-port', ['tcp-port', 'quic-ports', 'quic-port'], 'quic-port'],
    ['PORT', ['ports', 'port'], 'port'],
    ['list', ['last', 'LIST'], 'LIST'],
    ['ab', ['abcd'], 'abcd'],
    ['ab', ['abcde'], undefined],
    ['', ['ab', 'c'], 'c'],
    ['anything', [], undefined],
  ])('returns for %j of %j: %j', (name, known, meant) => {
    expect(didYouMean(name, known)).toBe(meant);
  });
});
