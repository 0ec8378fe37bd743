import { afterEach, describe, expect, it } from '@jest/globals';
import { hostname } from 'node:os';
import { healthRoute } from '../../src/health/routes.js';
import { hostRule } from '../../src/util-node/host-names.js';
import { describeOption } from '../../src/util/describe-option.js';
import { HostCheck } from '../../src/http/host-check.js';
import type { RejectedConnection } from '../../src/net/rejected-connections.js';
import { webSocket, type WebSocketOptions } from '../../src/transports/websocket/index.js';
import { openHttpPort } from '../../src/http/index.js';
import { httpRequest } from '../support/http-request.js';
import { RawSocket, upgradeRequest } from '../support/raw-socket.js';

const own = hostname().toLowerCase();
const short = own.split('.')[0]!;

/** Host of a request, and whether it is answered on the loopback and on other addresses. */
const hosts: readonly (readonly [host: string, onLoopback: boolean, elsewhere: boolean])[] = [
  ['localhost', true, true],
  ['LOCALHOST:7330', true, true],
  ['localhost.', true, true],
  ['app.localhost:7330', true, true],
  ['127.0.0.1:7330', true, true],
  ['127.9.9.9', true, true],
  ['2130706433', true, true], // browsers read it as 127.0.0.1
  ['[::1]:7330', true, true],
  ['192.168.1.20:7330', false, true],
  ['10.0.0.5', false, true],
  ['0.0.0.0:7330', false, true],
  ['[fd00::1]:7330', false, true],
  [own, false, true],
  [`${short}:7330`, false, true],
  [`${short.toUpperCase()}.local:7330`, false, true],
  [`clasp-${short}.local`, false, true],
  [`${short}.lan`, false, false],
  ['evil.lan', false, false],
  ['evil.local:7330', false, false],
  ['evil.home', false, false],
  ['evil.internal', false, false],
  ['evil.home.arpa', false, false],
  ['evil.localdomain', false, false],
  ['evil.example:7330', false, false],
  ['evil', false, false],
  ['evil:7330', false, false],
  ['localhost.evil.example', false, false],
  ['127.0.0.1.evil.example', false, false],
  [`${short}.evil.example`, false, false],
  [`clasp-${short}.local.evil.example`, false, false],
  ['localhost:port', false, false],
  ['user@localhost', false, false],
  ['local host', false, false],
];

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function open(
  options: WebSocketOptions = {},
): Promise<{ readonly port: number; readonly faults: RejectedConnection[] }> {
  const routes = [healthRoute({ isReady: () => true })];
  const listener = await webSocket({ host: '127.0.0.1', port: 0, pingIntervalMs: 0, routes, ...options }).listen();
  cleanUps.push(() => listener.close());
  listener.connections$.subscribe((connection) => {
    cleanUps.push(() => {
      connection.destroy();
    });
  });
  const faults: RejectedConnection[] = [];
  listener.rejected$?.subscribe((fault) => faults.push(fault));
  return { port: listener.addresses[0]!.port, faults };
}

async function get(port: number, host: string, path = '/healthz'): Promise<number | undefined> {
  return (await httpRequest(port, path, { headers: { Host: host } })).status;
}

async function upgrade(port: number, headers: Readonly<Record<string, string>>): Promise<string> {
  const socket = await RawSocket.connect(port);
  cleanUps.push(() => {
    socket.destroy();
  });
  socket.write(upgradeRequest(headers));
  return (await socket.receive((bytes) => bytes.includes('\r\n\r\n'))).toString().slice(9, 12);
}

describe.each([
  ['127.0.0.1', 1],
  ['0.0.0.0', 2],
] as const)('a port on %s', (host, column) => {
  it.each(hosts)('answers a request for %s according to the rule', async (name, ...answers) => {
    const { port } = await open({ host });
    const isAnswered = answers[column - 1];
    expect(await get(port, name)).toBe(isAnswered ? 200 : 403);
    expect(await get(port, name, '/')).toBe(isAnswered ? 200 : 403);
  });

  it.each(hosts)('allows a page of the same host to upgrade according to the rule: %s', async (name, ...answers) => {
    const { port } = await open({ host });
    const status = answers[column - 1] ? '101' : '403';
    expect(await upgrade(port, { Host: name, Origin: `http://${name}` })).toBe(status);
  });

  it.each(hosts)('allows clients that are not pages to upgrade, for any host: %s', async (name) => {
    const { port } = await open({ host });
    expect(await upgrade(port, { Host: name })).toBe('101');
  });
});

describe('a rejected host', () => {
  it('is reported to the peer and the log, with the option that allows it', async () => {
    const { port, faults } = await open();
    const { body } = await httpRequest(port, '/', { headers: { Host: 'show.example.org:7330' } });
    expect(body).toBe(
      'This router does not answer requests for show.example.org. If that is a name of the router, allow it with the option allowHosts.\n',
    );
    const text = 'a request for show.example.org that is not a name of the router; the option allowHosts allows one';
    expect(faults).toMatchObject([{ kind: 'refused', text }]);
  });

  it('is reported with the words of describeOption, if the program gives it', async () => {
    const { port, faults } = await open({ describeOption: (name) => `"${name}" in show.json` });
    const { body } = await httpRequest(port, '/', { headers: { Host: 'show.example.org' } });
    expect(body).toContain('allow it with "allowHosts" in show.json.');
    expect(faults[0]?.text).toContain('"allowHosts" in show.json allows one');
  });

  it('is not repeated if it is not a plain name', async () => {
    const { port, faults } = await open();
    for (const host of ["a'b;c", 'a'.repeat(200), 'local host'])
      expect((await httpRequest(port, '/', { headers: { Host: host } })).body).toContain('for this host name. ');
    for (const { text } of faults) expect(text).toMatch(/^a request for a host name that/);
  });
});

describe('allowHosts', () => {
  it.each([
    ['show.example.org', 'show.example.org:7330'],
    ['Show.Example.org.', 'show.example.org'],
    ['192.168.1.20', '192.168.1.20:7330'],
    ['fd00::1', '[fd00:0::1]:7330'],
    ['[fd00::1]', '[fd00::1]'],
    ['*', 'anything.example'],
  ])('with %s answers requests for %s, and allows its pages to upgrade', async (allowed, host) => {
    const { port } = await open({ allowHosts: ['other.example', allowed] });
    expect(await get(port, host)).toBe(200);
    expect(await upgrade(port, { Host: host, Origin: `http://${host}` })).toBe('101');
  });

  it('allows only that name', async () => {
    const { port } = await open({ allowHosts: ['show.example.org'] });
    expect(await get(port, 'evil.example.org')).toBe(403);
    expect(await get(port, 'a.show.example.org')).toBe(403);
  });

  it.each(['https://show.example', 'show.example:7330', 'a/b', 'a b', '', '*.example', 'user@host', '[::1]:80'])(
    'with "%s" fails to listen with a one-sentence error',
    async (text) => {
      const sentence = `"${text}" is not a host name; write it as show.example.org, without scheme and port, or use *`;
      await expect(webSocket({ host: '127.0.0.1', port: 0, allowHosts: [text] }).listen()).rejects.toThrow(sentence);
    },
  );

  it('applies to a port that serves only routes', async () => {
    const routes = [healthRoute({ isReady: () => true })];
    const { url, close } = await openHttpPort({ port: 0, routes, allowHosts: ['metrics.example'] });
    cleanUps.push(close);
    const port = Number(new URL(url).port);
    expect([await get(port, 'metrics.example'), await get(port, 'evil.lan')]).toEqual([200, 403]);
  });
});

describe('the rule for hosts', () => {
  it('allows HTTP/1.0 without a host, which load balancers send', async () => {
    const { port } = await open();
    const socket = await RawSocket.connect(port);
    cleanUps.push(() => {
      socket.destroy();
    });
    socket.write('GET /healthz HTTP/1.0\r\n\r\n');
    expect((await socket.receive((bytes) => bytes.includes('\r\n\r\n'))).toString()).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('allows a listed origin to upgrade, for any host', async () => {
    const { port } = await open({ allowedOrigins: ['same-host', 'https://show.example'] });
    expect(await upgrade(port, { Host: 'clasp.example', Origin: 'https://show.example' })).toBe('101');
    expect(await upgrade(port, { Host: 'clasp.example', Origin: 'https://clasp.example' })).toBe('403');
  });

  it('accepts the configured host name on other addresses than the loopback', () => {
    expect(hostRule([], '192.168.1.20', 'desk.lan')('desk.lan:7330')).toBe(true);
    expect(hostRule([], '192.168.1.20', 'desk.lan')('evil.lan:7330')).toBe(false);
    expect(hostRule([], '127.0.1.1', 'desk.lan')('desk.lan:7330')).toBe(false);
  });

  it.each(['127.0.0.1', '127.0.1.1', '::1', '::ffff:127.0.0.1'])('treats %s as the loopback', (address) => {
    expect(hostRule([], address)('192.168.1.20')).toBe(false);
    expect(hostRule([], address)('localhost')).toBe(true);
  });

  it('allows every name with TLS, because the certificate proves it', () => {
    const options = { allowHosts: [], listensOn: '127.0.0.1', host: '127.0.0.1', describeOption };
    const claim = { hosts: ['evil.example'] };
    expect(new HostCheck({ ...options, isEncrypted: true }).refusal(claim)).toBeUndefined();
    expect(new HostCheck({ ...options, isEncrypted: false }).refusal(claim)).toBeDefined();
  });

  it('ignores X-Forwarded-Host of an untrusted proxy, and never uses it in place of the host', async () => {
    const trustedProxies = ['127.0.0.1'];
    const ask = async (options: WebSocketOptions, host: string, forwarded: string): Promise<number | undefined> => {
      const { port } = await open(options);
      const headers = { Host: host, 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Host': forwarded };
      return (await httpRequest(port, '/healthz', { headers })).status;
    };
    expect(await ask({}, 'localhost', 'evil.example')).toBe(200);
    expect(await ask({ trustedProxies }, 'localhost', 'evil.example')).toBe(403);
    expect(await ask({ trustedProxies }, 'evil.example', 'localhost')).toBe(403);
    expect(await ask({ trustedProxies, allowHosts: ['show.example'] }, 'localhost', 'show.example')).toBe(200);
  });
});
