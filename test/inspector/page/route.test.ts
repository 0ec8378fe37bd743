import { describe, expect, it } from '@jest/globals';
import {
  formatRoute,
  keyOf,
  parseRoute,
  pastedKey,
  type Route,
  typedPattern,
} from '../../../src/inspector/page/route.js';

describe('the route in the URL', () => {
  it.each<readonly [string, Route]>([
    ['#sessions', { view: 'sessions' }],
    ['#chart', { view: 'chart', actor: undefined }],
    ['#chart/x:3', { view: 'chart', actor: 'x:3' }],
    ['#signals', { view: 'signals', pattern: '/**' }],
    ['#signals/lights/**', { view: 'signals', pattern: '/lights/**' }],
    ['#traffic/a/*/b', { view: 'traffic', pattern: '/a/*/b' }],
    ['#signals/caf%C3%A9%20%23%3F/x', { view: 'signals', pattern: '/café #?/x' }],
  ])('parses %s and formats it unchanged', (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
    expect(formatRoute(route)).toBe(hash);
  });

  it.each(['', '#', '#nowhere', '#signals%', '#sessions/x', '#__proto__'])('maps %j to the sessions', (hash) => {
    expect(parseRoute(hash)).toEqual({ view: 'sessions' });
  });
});

describe('the key in a link', () => {
  it.each([
    ['#key=a-b_C9', 'a-b_C9'],
    ['#key=', undefined],
    ['#key=a/b', undefined],
    ['#sessions', undefined],
    ['', undefined],
  ])('of %j is %j', (hash, key) => {
    expect(keyOf(hash)).toBe(key);
  });

  it.each(['http://localhost:7330/inspect/#key=abc', ' abc ', 'inspector: http://localhost:7330/inspect/#key=abc\n'])(
    'is found in pasted text: %j',
    (text) => {
      expect(pastedKey(text)).toBe('abc');
    },
  );
});

describe('text in an address filter', () => {
  it.each([
    ['', '/**'],
    ['  ', '/**'],
    ['/lights', '/lights/**'],
    ['/lights/', '/lights/**'],
    ['/lights/*/dim', '/lights/*/dim'],
    ['dim', '/**/*dim*/**'],
    ['li*/dim', '/li*/dim'],
    ['a/b', '/**/*a*b*/**'],
  ])('%j means %s', (text, pattern) => {
    expect(typedPattern(text)).toBe(pattern);
  });
});
