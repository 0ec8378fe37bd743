import { afterEach, describe, expect, it } from '@jest/globals';
import type { RejectedConnection } from '../../src/net/rejected-connections.js';
import { TransportError } from '../../src/net/transport-error.js';
import { webSocket } from '../../src/transports/websocket/index.js';
import { originRule } from '../../src/http/origins.js';
import { RawSocket, upgradeRequest } from '../support/raw-socket.js';

const usual = ['same-host'];
const refused = false;
const allowed = true;

interface Case {
  readonly origin: string | undefined;
  readonly host?: string | undefined;
  readonly may: boolean;
  readonly rule?: readonly string[];
  readonly isHostAllowed?: boolean;
}

const cases: readonly Case[] = [
  // Clients that are not pages.
  { origin: undefined, host: 'anything.example', may: allowed },
  { origin: undefined, rule: [], may: allowed },
  // The same host, with any port and scheme.
  { origin: 'http://192.168.1.20', host: '192.168.1.20:7330', may: allowed },
  { origin: 'https://192.168.1.20:8443', host: '192.168.1.20:7330', may: allowed },
  { origin: 'http://[fd00::1]:8080', host: '[fd00::1]:7330', may: allowed },
  { origin: 'http://[fd00:0:0::1]:8080', host: '[fd00::1]:7330', may: allowed },
  { origin: 'http://desk:3000', host: 'desk:7330', may: allowed },
  { origin: 'http://DESK', host: 'desk', may: allowed },
  { origin: 'http://stage.local.', host: 'stage.local', may: allowed },
  { origin: 'http://stage.local', host: 'stage.local.', may: allowed },
  { origin: 'https://show.example', host: 'show.example:7330', may: allowed },
  // All loopback names are one host.
  { origin: 'http://localhost:5173', host: '127.0.0.1:7330', may: allowed },
  { origin: 'http://127.0.0.1:5173', host: 'localhost:7330', may: allowed },
  { origin: 'http://[::1]', host: 'localhost', may: allowed },
  { origin: 'http://app.localhost', host: '127.0.0.9', may: allowed },
  { origin: 'http://2130706433', host: 'localhost', may: allowed }, // browsers read it as 127.0.0.1
  // Other hosts.
  { origin: 'http://192.168.1.21', host: '192.168.1.20', may: refused },
  { origin: 'http://evil.example', host: '127.0.0.1:7330', may: refused },
  { origin: 'http://localhost.evil.example', host: 'localhost', may: refused },
  { origin: 'http://127.0.0.1.evil.example', host: '127.0.0.1', may: refused },
  { origin: 'http://localhost', host: '192.168.1.20', may: refused },
  { origin: 'http://desk.evil.example', host: 'desk', may: refused },
  { origin: 'http://evil.example/desk', host: 'desk', may: refused },
  { origin: 'http://desk@evil.example', host: 'desk', may: refused },
  { origin: 'http://evil.example#@desk', host: 'desk', may: refused },
  { origin: 'http://evil.example\\desk', host: 'desk', may: refused },
  { origin: 'http://desk http://evil.example', host: 'desk', may: refused },
  { origin: 'file://desk', host: 'desk', may: refused },
  { origin: 'chrome-extension://desk', host: 'desk', may: refused },
  { origin: 'null', host: 'null', may: refused },
  { origin: 'http://null', host: undefined, may: refused },
  { origin: '', host: '', may: refused },
  { origin: 'http://', host: '', may: refused },
  { origin: 'http://desk', host: 'desk/evil', may: refused },
  { origin: 'http://desk', host: 'evil@desk', may: refused },
  { origin: 'http://desk', host: undefined, may: refused },
  // A name that its owner could have pointed to this router.
  { origin: 'http://evil.example:7330', host: 'evil.example:7330', isHostAllowed: false, may: refused },
  { origin: 'https://evil.example', host: 'show.example', may: refused },
  { origin: undefined, host: 'evil.example', isHostAllowed: false, may: allowed },
  { rule: ['*'], origin: 'http://evil.example', host: 'evil.example', isHostAllowed: false, may: allowed },
  { rule: ['https://show.example'], origin: 'https://show.example', host: 'a', isHostAllowed: false, may: allowed },
  // Listed origins.
  { rule: ['https://show.example'], origin: 'https://show.example', host: 'a', may: allowed },
  { rule: ['https://show.example'], origin: 'https://show.example:443', host: 'a', may: allowed },
  { rule: ['https://show.example'], origin: 'https://SHOW.example', host: 'a', may: allowed },
  { rule: ['HTTPS://Show.Example:443/'], origin: 'https://show.example', host: 'a', may: allowed },
  { rule: ['https://show.example'], origin: 'http://show.example', host: 'a', may: refused },
  { rule: ['https://show.example'], origin: 'https://show.example:8443', host: 'a', may: refused },
  { rule: ['https://show.example'], origin: 'https://show.example.evil.example', host: 'a', may: refused },
  { rule: ['https://show.example'], origin: 'http://desk', host: 'desk', may: refused },
  { rule: ['https://show.example', 'same-host'], origin: 'http://desk', host: 'desk', may: allowed },
  { rule: ['https://show.example'], origin: 'null', host: 'a', may: refused },
  { rule: ['null'], origin: 'null', host: 'a', may: allowed },
  { rule: ['capacitor://localhost'], origin: 'capacitor://localhost', host: 'a', may: allowed },
  { rule: ['capacitor://localhost'], origin: 'capacitor://other', host: 'a', may: refused },
  { rule: ['*'], origin: 'http://evil.example', host: 'a', may: allowed },
  { rule: ['*'], origin: 'null', host: undefined, may: allowed },
  { rule: ['*'], origin: 'no origin at all', host: 'a', may: allowed },
  { rule: ['same-host'], origin: 'same-host', host: 'a', may: refused },
  { rule: [], origin: 'http://desk', host: 'desk', may: refused },
];

describe('the allowed origins', () => {
  it.each(cases)('with $rule: $origin to $host is $may', ({ rule = usual, origin, host, may, ...more }) => {
    const claim = { isHostAllowed: true, isForwarded: false, origin, host, ...more };
    expect(originRule(rule)(claim) === 'allowed').toBe(may);
  });

  it('are distinguished from a host name that is not allowed', () => {
    const claim = { origin: 'http://evil.lan', host: 'evil.lan', isHostAllowed: false, isForwarded: false };
    expect(originRule(usual)(claim)).toBe('host');
    expect(originRule(usual)({ ...claim, host: 'desk.lan' })).toBe('origin');
  });

  it.each([
    { origin: 'http://localhost:3000', host: '127.0.0.1:7330', may: refused },
    { origin: 'http://127.0.0.1', host: 'localhost', may: refused },
    { origin: 'http://192.168.1.5', host: '192.168.1.5:7330', may: allowed },
    { origin: 'https://show.example', host: 'show.example', may: allowed },
  ])('behind a reverse proxy do not include the loopback: $origin to $host is $may', ({ origin, host, may }) => {
    const verdict = originRule(usual)({ origin, host, isHostAllowed: true, isForwarded: true });
    expect(verdict === 'allowed').toBe(may);
  });

  it.each(['example.com', 'https://', 'https://a/b', 'https://a?b', 'https://user@a', 'https://a b', '', 'same host'])(
    'cannot be configured as %p',
    (text) => {
      expect(() => originRule([text])).toThrow(
        new TransportError(
          `"${text}" is not an origin of a web page; write it as https://example.com, without a path, or use *, same-host or null`,
        ),
      );
    },
  );
});

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

describe('a page of another origin', () => {
  /** Requests an upgrade with these headers. */
  async function ask(
    headers: Readonly<Record<string, string>>,
    allowedOrigins?: readonly string[],
  ): Promise<{ answer: string; faults: RejectedConnection[]; accepted: number; port: number }> {
    const listener = await webSocket({ host: '127.0.0.1', port: 0, allowedOrigins }).listen();
    const faults: RejectedConnection[] = [];
    let accepted = 0;
    listener.rejected$!.subscribe((fault) => faults.push(fault));
    listener.connections$.subscribe((connection) => {
      accepted++;
      cleanUps.push(() => {
        connection.destroy();
      });
    });
    cleanUps.push(() => listener.close());
    const raw = await RawSocket.connect(listener.addresses[0]!.port);
    const port = raw.socket.localPort!;
    raw.write(upgradeRequest(headers));
    const answer = (await raw.receive((bytes) => bytes.includes('\r\n\r\n'))).toString();
    raw.socket.end();
    await raw.closed;
    return { answer: answer + raw.received.toString().slice(answer.length), faults, accepted, port };
  }

  it('gets 403 with the fix, and the listener reports its address but not its input', async () => {
    const { answer, faults, accepted, port } = await ask({ Origin: 'http://evil.example', Host: '127.0.0.1' });
    expect(answer).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(answer.split('\r\n\r\n')[1]).toBe(
      'This router rejects web pages of this origin. Its operator can allow them with the option allowedOrigins.',
    );
    expect(faults.map(({ kind, remoteAddress, text }) => ({ kind, remoteAddress, text }))).toEqual([
      { kind: 'refused', remoteAddress: `127.0.0.1:${port}`, text: 'a web page of an origin that is not allowed' },
    ]);
    expect(accepted).toBe(0);
  });

  it.each([
    ['no origin', {}],
    ['the same host', { Origin: 'http://localhost:5173', Host: '127.0.0.1:7330' }],
  ])('does not include a request with %s', async (_, headers) => {
    const { answer, faults, accepted } = await ask(headers);
    expect(answer).toMatch(/^HTTP\/1\.1 101 /);
    expect([faults.length, accepted]).toEqual([0, 1]);
  });

  it('cannot bypass the rule with the header of an older version', async () => {
    const headers = { 'Sec-WebSocket-Version': '8', 'Sec-WebSocket-Origin': 'http://evil.example' };
    expect((await ask(headers)).answer).toMatch(/^HTTP\/1\.1 403 /);
    expect((await ask({ ...headers, 'Sec-WebSocket-Origin': 'http://localhost' })).answer).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('can connect if all origins are allowed', async () => {
    expect((await ask({ Origin: 'http://evil.example' }, ['*'])).answer).toMatch(/^HTTP\/1\.1 101 /);
  });

  it('must be configured in the form of an origin', async () => {
    const door = webSocket({ host: '127.0.0.1', port: 0, allowedOrigins: ['show.example'] });
    await expect(door.listen()).rejects.toThrow('"show.example" is not an origin of a web page; write it as https://');
  });
});
