import { describe, expect, it } from '@jest/globals';
import { guardRule, isLoopback, refusal } from '../../src/inspector/guard.js';

const here = { isLocal: true, isForwarded: false, host: 'localhost:7330', origin: undefined };

describe("the inspector's request check", () => {
  it.each([
    ['a program on this computer', here],
    ['by an address', { ...here, host: '127.0.0.1:7330' }],
    ['by IPv6', { ...here, host: '[::1]:7330' }],
    ['by its address in the network', { ...here, host: '192.168.1.2:7330' }],
    ['its own page', { ...here, origin: 'http://localhost:7330' }],
    ['its own page over TLS', { ...here, origin: 'https://localhost:7330' }],
  ])('accepts %s', (_, claim) => {
    expect(refusal(claim, guardRule({ isRemote: false }))).toBeUndefined();
  });

  it.each([
    ['another computer', { ...here, isLocal: false }, 'accepts only this computer'],
    ['a request through a reverse proxy on this computer', { ...here, isForwarded: true }, 'reverse proxy'],
    ['a name that was rebound to this computer', { ...here, host: 'evil.example:7330' }, 'another name'],
    ['a name that only looks local', { ...here, host: 'localhost.evil.example' }, 'another name'],
    ['a request without a host', { ...here, host: undefined }, 'another name'],
    ['a page of another host', { ...here, origin: 'http://evil.example' }, 'another origin'],
    ['a page of another port', { ...here, origin: 'http://localhost:80' }, 'another origin'],
    ['a page without origin', { ...here, origin: 'null' }, 'another origin'],
  ])('rejects %s', (_, claim, why) => {
    expect(refusal(claim, guardRule({ isRemote: false }))).toContain(why);
  });

  it('accepts other computers if that is enabled, but no page of another origin', () => {
    const far = { ...here, isLocal: false, host: '192.168.1.2:7330', origin: undefined };
    expect(refusal(far, guardRule({ isRemote: true }))).toBeUndefined();
    expect(refusal({ ...far, origin: 'http://evil.example' }, guardRule({ isRemote: true }))).toContain(
      'another origin',
    );
  });

  it('accepts a listed name, and every name with *', () => {
    const named = { ...here, host: 'Show.example:7330' };
    expect(refusal(named, guardRule({ isRemote: false }))).toContain('the option allowHosts');
    expect(refusal(named, guardRule({ isRemote: false, allowHosts: ['show.example'] }))).toBeUndefined();
    expect(
      refusal({ ...named, host: 'other.example' }, guardRule({ isRemote: false, allowHosts: ['show.example'] })),
    ).toContain('another name');
    expect(refusal(named, guardRule({ isRemote: false, allowHosts: ['*'] }))).toBeUndefined();
  });

  it('names the option that would accept the request, in the words of the program', () => {
    const describeOption = (name: string): string => `--${name}`;
    const rule = guardRule({ isRemote: false, describeOption });
    expect(refusal({ ...here, isLocal: false }, rule)).toContain('; --isRemote allows others');
    expect(refusal({ ...here, host: 'show.example' }, rule)).toContain('; --allowHosts allows one');
  });
});

describe('a remote address', () => {
  it.each([
    ['127.0.0.1:5000', true],
    ['[::1]:5000', true],
    ['::ffff:127.0.0.1:5000', true],
    ['192.168.1.7:5000', false],
    ['[fe80::1%eth0]:5000', false],
    ['unknown:0', false],
  ])('%s is a loopback address: %p', (address, expected) => expect(isLoopback(address)).toBe(expected));
});
