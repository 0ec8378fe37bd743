import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isForwarded } from '../../src/util/forwarded-headers.js';
import { TransportError } from '../../src/net/transport-error.js';
import { TrustedProxies } from '../../src/http/trusted-proxies.js';

const proxy = { address: '127.0.0.1', port: 5_000 };
const trusted = new TrustedProxies(['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8']);

describe('the peer behind trusted proxies', () => {
  it.each([
    ['the only address', '203.0.113.7', '203.0.113.7'],
    ['the rightmost address that is not trusted', '198.51.100.1, 203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['not an address that a client wrote before it', '127.0.0.1, 203.0.113.7', '203.0.113.7'],
    ['not an address that a client repeated', '10.0.0.1,10.0.0.1,203.0.113.7', '203.0.113.7'],
    ['the leftmost one if all are trusted', '10.9.9.9, 10.1.2.3', '10.9.9.9'],
    ['IPv6', '2001:DB8::17', '2001:db8::17'],
    ['IPv6 in brackets', '[2001:db8::17]:4711', '2001:db8::17'],
    ['IPv4 with a port', '203.0.113.7:4711', '203.0.113.7'],
    ['IPv4 mapped to IPv6', '::ffff:203.0.113.7', '203.0.113.7'],
    ['the hop before a name that hides an address', 'unknown, 10.1.2.3', '10.1.2.3'],
    ['the proxy if the header is empty', '', '127.0.0.1'],
    ['the proxy if a hop is empty', '203.0.113.7,', '127.0.0.1'],
    ['the proxy if it is not an address', 'a\u001b[2J<script>', '127.0.0.1'],
    ['the proxy if it is longer than any address', '1'.repeat(16_000), '127.0.0.1'],
    ['the proxy if an address has trailing characters', '203.0.113.7 and more', '127.0.0.1'],
    [
      'the 32nd hop of an endless list',
      Array.from({ length: 5_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join(),
      '10.0.19.104',
    ],
  ])('is %s of X-Forwarded-For', (_, header, address) => {
    expect(trusted.peerOf({ 'x-forwarded-for': header }, proxy).address).toBe(address);
  });

  it.each([
    ['for=203.0.113.7', '203.0.113.7', undefined],
    ['For="203.0.113.7:4711"; proto=https;by=203.0.113.43', '203.0.113.7', 4711],
    ['for="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17', 4711],
    ['for=198.51.100.1, for=203.0.113.7;proto=http, for=10.1.2.3', '203.0.113.7', undefined],
    ['proto=https;for = 203.0.113.7', '203.0.113.7', undefined],
    ['for=_hidden', '127.0.0.1', 5_000],
    ['for=unknown, for=10.1.2.3', '10.1.2.3', undefined],
    ['by=203.0.113.7', '127.0.0.1', 5_000],
    ['for=', '127.0.0.1', 5_000],
  ])('is read from Forwarded: %s', (header, address, port) => {
    expect(trusted.peerOf({ forwarded: header }, proxy)).toEqual({ address, port });
  });

  it('is the proxy if the two headers disagree, because a client wrote one of them', () => {
    const both = (forwarded: string): string =>
      trusted.peerOf({ 'x-forwarded-for': '203.0.113.7', forwarded }, proxy).address;
    expect(both('for=203.0.113.7')).toBe('203.0.113.7');
    expect(both('for=198.51.100.1')).toBe('127.0.0.1');
    expect(both('nonsense')).toBe('127.0.0.1');
  });

  it('is a valid address for any content of the header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        const { address } = trusted.peerOf({ 'x-forwarded-for': header, forwarded: `for=${header}` }, proxy);
        expect(address).toMatch(/^[0-9a-f:.]+$/);
      }),
    );
  });
});

describe('the list of trusted proxies', () => {
  it.each([
    ['127.0.0.1', true],
    ['127.0.0.2', false],
    ['10.255.255.255', true],
    ['11.0.0.0', false],
    ['::1', true],
    ['fdff::1', true],
    ['fe00::1', false],
    ['::ffff:10.0.0.1', true],
    ['unknown', false],
    [undefined, false],
  ])('has %s: %s', (address, has) => {
    expect(trusted.has(address)).toBe(has);
  });

  it('accepts an address with a zone', () => {
    expect(new TrustedProxies(['fe80::1%eth0']).has('fe80::1%2')).toBe(true);
  });

  it('is empty by default', () => {
    expect(new TrustedProxies([]).has('127.0.0.1')).toBe(false);
  });

  it.each(['', 'proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0/8', '::1/129', '10.0.0.1:80', '*'])(
    'rejects "%s"',
    (text) => {
      expect(() => new TrustedProxies(['127.0.0.1', text])).toThrow(
        new TransportError(
          `"${text}" is not an address or network of a trusted proxy; write it as 192.168.1.2, 10.0.0.0/8 or fd00::/8`,
        ),
      );
    },
  );
});

describe('a request', () => {
  it.each([
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'x-real-ip',
    'cf-connecting-ip',
    'via',
  ])('came through a proxy if it has the header %s, with any content', (name) => {
    expect(isForwarded({ host: 'localhost', [name]: '' })).toBe(true);
  });

  it('came directly without these headers', () => {
    expect(isForwarded({ host: 'localhost', origin: 'http://localhost', 'x-requested-with': 'XMLHttpRequest' })).toBe(
      false,
    );
  });
});
