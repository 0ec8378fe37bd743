import { describe, expect, it } from '@jest/globals';
import { holdsSecret, isSecretAddress, isSecretName } from '../../src/inspector/secrets.js';

describe('secret names', () => {
  it.each([
    '/show/password',
    '/password',
    '/wifi/Password/2',
    '/stream/auth-token/value',
    '/cloud/apiKey',
    '/cloud/private_key/1',
    '/users/credentials/desk',
    '/mqtt/psk',
    '/tls/cert',
  ])('include the address %s', (address) => {
    expect(isSecretAddress(address)).toBe(true);
  });

  it.each([
    '/lights/key/dim',
    '/switcher/keyer/1',
    '/synth/key',
    '/piano/keys',
    '/lights/3/dim',
    '/sessions/tokenId',
    '/concert/lights',
    '/',
  ])('do not include the address %s', (address) => {
    expect(isSecretAddress(address)).toBe(false);
  });

  it('are treated as addresses if they begin with a slash', () => {
    expect(['key', '/lights/key', '/lights/token'].map(isSecretName)).toEqual([true, false, true]);
  });
});

describe('a value', () => {
  it.each([
    ['a token of the router', 'cpsk_0123456789abcdef'],
    ['a JWT in a list', [1, ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln']]],
    ['a map with a password', new Map([['login', new Map([['password', 'hunter2']])]])],
    ['a map with a token as a key', new Map([['cpsk_0123456789abcdef', 1]])],
  ])('contains a secret if it is or contains %s', (_, value) => {
    expect(holdsSecret(value)).toBe(true);
  });

  it.each([
    ['a usual string', 'password'],
    ['a map with a key light', new Map([['key', 0.5]])],
    ['bytes', Uint8Array.of(1, 2)],
    ['nothing', null],
  ])('contains no secret if it is %s', (_, value) => {
    expect(holdsSecret(value)).toBe(false);
  });
});
