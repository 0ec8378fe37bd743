import { describe, expect, it } from '@jest/globals';
import { remoteAddressOf } from '../../src/net/remote-address.js';

describe('remoteAddressOf', () => {
  it.each([
    ['192.168.1.20', 51_234, '192.168.1.20:51234'],
    ['::ffff:192.168.1.20', 51_234, '192.168.1.20:51234'],
    ['::1', 80, '[::1]:80'],
    ['fe80::1%eth0', 80, '[fe80::1%eth0]:80'],
    [undefined, undefined, 'unknown:0'],
  ])('writes %p and %p as %s', (address, port, text) => expect(remoteAddressOf(address, port)).toBe(text));
});
