import { describe, expect, it } from '@jest/globals';
import { didYouMean } from '../../src/util/did-you-mean.js';

describe('didYouMean', () => {
  it.each<[string, readonly string[], string | undefined]>([
    ['prot', ['host', 'port'], 'port'],
    ['hosts', ['posts', 'host'], 'posts'], // one letter either way: the first
    ['hosts', ['host', 'posts'], 'host'],
    ['maxParam', ['maxRate', 'maxPaced', 'maxParams'], 'maxParams'], // the second is two letters away, the third one
    ['quic-port', ['tcp-port', 'quic-ports', 'quic-port'], 'quic-port'],
    ['PORT', ['ports', 'port'], 'port'],
    ['list', ['last', 'LIST'], 'LIST'],
    ['ab', ['abcd'], 'abcd'],
    ['ab', ['abcde'], undefined],
    ['', ['ab', 'c'], 'c'],
    ['anything', [], undefined],
  ])('takes for %j of %j: %j', (name, known, meant) => {
    expect(didYouMean(name, known)).toBe(meant);
  });
});
