import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { resolvePeer } from '../../src/http/http-peer.js';
import { TrustedProxies } from '../../src/http/trusted-proxies.js';

/** A request from one address to another. */
function request(remoteAddress: string, localAddress: string, headers: IncomingHttpHeaders = {}) {
  return { headers, socket: { remoteAddress, localAddress, remotePort: 50_000 } };
}

describe('an HTTP peer', () => {
  const lan = '192.168.1.2';

  it.each<[string, ReturnType<typeof request>, boolean]>([
    ['by a loopback address', request('127.0.0.1', '127.0.0.1'), true],
    ['by the address of this computer in the network', request(lan, lan), true],
    ['from another computer', request('192.168.1.3', lan), false],
    ['from another computer by IPv6', request('2001:db8::3', '2001:db8::2'), false],
    ['through a proxy on this computer', request('127.0.0.1', '127.0.0.1', { 'x-real-ip': lan }), false],
    ['through a proxy at the address of this computer', request(lan, lan, { 'x-real-ip': lan }), false],
  ])('is local or not: %s', (_, from, isLocal) => {
    expect(resolvePeer(from, new TrustedProxies([])).isLocal).toBe(isLocal);
  });

  it('is not local behind a trusted proxy that names the address of this computer', () => {
    const from = request(lan, lan, { 'x-forwarded-for': lan });
    expect(resolvePeer(from, new TrustedProxies([lan])).isLocal).toBe(false);
  });
});
