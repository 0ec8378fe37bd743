import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { turns, until } from '../support/inbox.js';
import { type RawSocket, upgradeRequest } from '../support/raw-socket.js';
import { SteadyClock } from '../support/steady-clock.js';

import { certificate, type ObservedPort, open, peer } from './websocket-rejections-harness.js';

/** Returns what a listener reports about a raw peer after its end. */
async function toldOf(door: ObservedPort, raw: RawSocket): Promise<unknown> {
  const from = `127.0.0.1:${raw.socket.localPort}`;
  raw.socket.on('end', () => raw.socket.end());
  await raw.closed;
  await turns(10);
  return door.faults.map(({ kind, remoteAddress, text }) => [kind, remoteAddress === from, text]);
}

describe('a rejected WebSocket peer', () => {
  it.each([
    ['garbage', '\x00\x01\x02 hello\r\n\r\n', 'handshake', 'its HTTP request cannot be read (HPE_INVALID_METHOD)', 400],
    [
      'a TLS handshake',
      '\x16\x03\x01\x02\x00\x01',
      'handshake',
      'its HTTP request cannot be read (HPE_INVALID_METHOD)',
      400,
    ],
    [
      'no key',
      upgradeRequest({ 'Sec-WebSocket-Key': 'secret' }),
      'handshake',
      'its WebSocket upgrade is invalid: Missing or invalid Sec-WebSocket-Key header',
      400,
    ],
    [
      'another version',
      upgradeRequest({ 'Sec-WebSocket-Version': '7' }),
      'handshake',
      'its WebSocket upgrade is invalid: Missing or invalid Sec-WebSocket-Version header',
      400,
    ],
    [
      'another method',
      upgradeRequest().replace('GET', 'POST'),
      'handshake',
      'its WebSocket upgrade is invalid: Invalid HTTP method',
      405,
    ],
    [
      'an invalid subprotocol',
      upgradeRequest({ 'Sec-WebSocket-Protocol': 'a b' }),
      'handshake',
      'its WebSocket upgrade is invalid: Invalid Sec-WebSocket-Protocol header',
      400,
    ],
    [
      'endless headers',
      `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`,
      'refused',
      'more than 16384 bytes of headers',
      431,
    ],
    ['an endless path', `GET /${'x'.repeat(20_000)}`, 'refused', 'more than 16384 bytes of headers', 431],
    ['101 headers to upgrade', upgradeRequest(headers(96)), 'refused', 'more than 100 headers', 431],
    ['101 headers', plainRequest(headers(100)), 'refused', 'more than 100 headers', 431],
    ['5,000 headers', plainRequest(headers(1_500)), 'refused', 'more than 100 headers', 431],
  ] as const)('is reported for %s', async (_, request, kind, text, status) => {
    const door = await open();
    const raw = await peer(door);
    raw.write(request);
    expect(await toldOf(door, raw)).toEqual([[kind, true, text]]);
    expect(raw.received.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  it('receives the supported versions if it uses another', async () => {
    const raw = await peer(await open());
    raw.write(upgradeRequest({ 'Sec-WebSocket-Version': '7' }));
    expect((await raw.receive((bytes) => bytes.includes('\r\n\r\n'))).toString()).toMatch(
      /^Sec-WebSocket-Version: 13/m,
    );
  });

  it.each([
    ['100 headers to upgrade', upgradeRequest(headers(95)), 101],
    ['100 headers', plainRequest(headers(99)), 200],
    ['a plain request', plainRequest({}), 200],
    ['an upgrade', upgradeRequest(), 101],
  ])('is not reported for %s', async (_, request, status) => {
    const door = await open({ clock: new SteadyClock() });
    const raw = await peer(door);
    raw.write(request);
    const answer = (await raw.receive((bytes) => bytes.includes('\r\n\r\n'))).toString();
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    raw.destroy();
    await turns(20);
    expect(door.faults).toEqual([]);
  });

  it('is subject to the configured limits', async () => {
    const door = await open({ maxHeaderBytes: 500, maxHeaders: 10, handshakeMs: 1_500, clock: new SteadyClock() });
    for (const request of [upgradeRequest(headers(6)), upgradeRequest({ Cookie: 'x'.repeat(500) })]) {
      const raw = await peer(door);
      raw.write(request);
      raw.socket.on('end', () => raw.socket.end());
      await raw.closed;
      expect(raw.received.toString()).toMatch(/^HTTP\/1.1 431 /);
    }
    expect(door.faults.map(({ text }) => text)).toEqual(['more than 10 headers', 'more than 500 bytes of headers']);
  });

  it.each([1, 10, 31, 62, 93])(
    'is rejected for the header beyond %p, in any form in which Node.js passes them',
    async (maxHeaders) => {
      const door = await open({ maxHeaders });
      const raw = await peer(door);
      raw.write(plainRequest(headers(200)));
      expect(await toldOf(door, raw)).toEqual([['refused', true, `more than ${maxHeaders} headers`]]);
    },
  );

  it('is not one whose request is not answered in time', async () => {
    const clock = new SteadyClock();
    const door = await open({ clock, routes: [{ answer: () => new Promise<undefined>(() => undefined) }] });
    const raw = await peer(door);
    raw.write(plainRequest({}));
    await turns(20);
    clock.increment(10_000);
    expect(await toldOf(door, raw)).toEqual([]);
  });

  it('is reported if it sends nothing, or only a part, before its deadline', async () => {
    const clock = new SteadyClock();
    const door = await open({ clock, handshakeMs: 2_500 });
    const [silent, halfway] = [await peer(door), await peer(door)];
    halfway.write('GET / HTTP/1.1\r\nSecret: 1');
    await turns(20);
    await clock.pass(2_500);
    for (const { socket } of [silent, halfway]) socket.end();
    await Promise.all([silent.closed, halfway.closed]);
    const text = 'no WebSocket upgrade within 2.5 s';
    expect(door.faults.map((fault) => [fault.kind, fault.text])).toEqual([
      ['timeout', text],
      ['timeout', text],
    ]);
  });

  it('is not reported twice if it does not read its answer', async () => {
    const clock = new SteadyClock();
    const door = await open({ clock });
    const refused = await peer(door);
    refused.write(upgradeRequest({ Origin: 'http://evil.example' }));
    await refused.receive((bytes) => bytes.includes('\r\n\r\n'));
    const answered = await peer(door);
    answered.write(plainRequest({}));
    await answered.receive((bytes) => bytes.includes('\r\n\r\n'));
    clock.increment(10_000);
    await turns(20);
    expect(door.faults.map(({ kind }) => kind)).toEqual(['refused']);
  });

  it('is not reported if it sends nothing and disconnects, nor when the listener closes', async () => {
    for (const encrypted of [false, true]) {
      const door = await open({ encrypted, clock: new SteadyClock() });
      const monitor = await peer(door);
      await turns(20);
      monitor.destroy();
      const late = await peer(door);
      late.write(encrypted ? Buffer.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01) : 'GET / HTTP');
      await turns(20);
      await door.close();
      await turns(20);
      expect([door.faults, door.isDone()]).toEqual([[], true]);
    }
  });

  it('gets one answer per connection, and no upgrade after it', async () => {
    const door = await open();
    const raw = await peer(door);
    raw.write(plainRequest({}) + upgradeRequest());
    raw.socket.on('end', () => raw.socket.end());
    await raw.closed;
    expect(raw.received.toString()).not.toContain('101 Switching');
    let pages = 0;
    const other = await open({ statusPage: () => `<h1>${++pages}</h1>` });
    const many = await peer(other);
    many.write(plainRequest({}).repeat(200));
    many.socket.on('end', () => many.socket.end());
    await many.closed;
    expect([many.received.toString().match(/<h1>/g)?.length, pages]).toEqual([1, 1]);
  });
});

describe('a rejected encrypted WebSocket peer', () => {
  it.each([
    ['a request without TLS', upgradeRequest(), 'its TLS handshake failed: http request'],
    ['garbage', 'z'.repeat(300), 'its TLS handshake failed: wrong version number'],
  ])('is reported for %s', async (_, bytes, text) => {
    const door = await open({ encrypted: true });
    const raw = await peer(door);
    raw.write(bytes);
    expect(await toldOf(door, raw)).toEqual([['handshake', true, text]]);
  });

  async function shakeHands(door: ObservedPort, options: ConnectionOptions): Promise<unknown> {
    const socket = connectTls({ host: '127.0.0.1', port: door.port, servername: 'localhost', ...options });
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
    await until(() => door.faults.length > 0);
    return door.faults.map(({ kind, text }) => [kind, text]);
  }

  it('is reported for TLS 1.1', async () => {
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    expect(await shakeHands(await open({ encrypted: true }), old)).toEqual([
      ['handshake', 'its TLS handshake failed: unsupported protocol'],
    ]);
  });

  it('is reported if it does not trust the certificate', async () => {
    // Clients of Node.js just disconnect. Others send a reason, which is then reported.
    expect(await shakeHands(await open({ encrypted: true }), { minVersion: 'TLSv1.3' })).toEqual([
      ['handshake', 'it disconnected during its TLS handshake'],
    ]);
  });

  it('is reported once for a reset during the handshake', async () => {
    const door = await open({ encrypted: true });
    const raw = await peer(door);
    raw.write(Buffer.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01));
    await turns(20);
    const from = `127.0.0.1:${raw.socket.localPort}`;
    raw.socket.resetAndDestroy();
    await until(() => door.faults.length > 0);
    await turns(20);
    expect(door.faults.map(({ remoteAddress, text }) => [remoteAddress, text])).toEqual([
      [from, 'it disconnected during its TLS handshake'],
    ]);
  });

  it('is reported with its progress at the deadline', async () => {
    const clock = new SteadyClock();
    const door = await open({ encrypted: true, clock });
    const silent = await peer(door);
    const begun = await peer(door);
    begun.write(Buffer.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01));
    const secured = connectTls({ host: '127.0.0.1', port: door.port, servername: 'localhost', ca: certificate.ca });
    await once(secured, 'secureConnect');
    secured.on('error', () => undefined).resume();
    const closed = once(secured, 'close');
    await turns(20);
    await clock.pass(10_000);
    silent.socket.end();
    begun.socket.end();
    await Promise.all([silent.closed, begun.closed, closed]);
    await turns(20);
    expect(door.faults.map(({ kind, text }) => [kind, text])).toEqual([
      ['timeout', 'no TLS handshake within 10 s'],
      ['timeout', 'no TLS handshake within 10 s'],
      ['timeout', 'no WebSocket upgrade within 10 s'],
    ]);
  });

  it('is reported for a bad request too', async () => {
    const door = await open({ encrypted: true });
    const secured = connectTls({ host: '127.0.0.1', port: door.port, servername: 'localhost', ca: certificate.ca });
    await once(secured, 'secureConnect');
    secured.write('no request\r\n\r\n');
    secured.on('error', () => undefined).resume();
    await until(() => door.faults.length > 0);
    expect(door.faults[0]?.text).toBe('its HTTP request cannot be read (HPE_INVALID_METHOD)');
  });
});

function headers(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`X${i}`, '']));
}

function plainRequest(more: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ Host: 'localhost', ...more }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET / HTTP/1.1\r\n${lines.join('')}\r\n`;
}
