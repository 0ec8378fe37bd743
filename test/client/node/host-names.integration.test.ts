import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { LookupFunction } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import { type Client, type ClientOptions, connect, type LinkOptions } from '../../../src/client/node.js';
import { createRouter, type Router, webSocket } from '../../../src/index.js';
import { http3Provider, quic } from '../../../src/transports/quic/index.js';
import { tcp } from '../../../src/transports/tcp/index.js';
import { TransportUnavailable } from '../../../src/net/transport-error.js';
import { udp } from '../../../src/transports/udp/index.js';
import { until } from '../../support/inbox.js';
import { quicCertificate } from '../../support/quic-client.js';
import { SteadyClock } from '../../support/steady-clock.js';

/** `localhost` on a computer with IPv6 first, and a router that listens on 127.0.0.1 only. */
const ipv6First: LookupFunction = (_host, _options, done) => {
  done(null, [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]);
};

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
// A socket on ::1 that never answers requires a ::1; without it this test is skipped.
const withIpv6 = hasIpv6 ? it : it.skip;

let router: Router;
let trust: LinkOptions;
const ports = new Map<string, number>();
const clients: Client[] = [];

beforeAll(async () => {
  const certificate = await quicCertificate();
  trust = { ca: certificate.ca, servername: 'localhost' };
  const tls = { credentials: certificate, renewed$: NEVER };
  const at = { host: '127.0.0.1', port: 0 };
  router = createRouter({ drainTimeoutSeconds: 2 });
  const transports = {
    ws: webSocket(at),
    wss: webSocket({ ...at, tls }),
    tcp: tcp(at),
    tls: tcp({ ...at, tls }),
    udp: udp(at),
    quic: quic({ ...at, tls, provider: http3Provider() }),
  };
  for (const [scheme, transport] of Object.entries(transports)) {
    try {
      ports.set(scheme, (await router.listen(transport))[0]!.port);
    } catch (error) {
      if (!(error instanceof TransportUnavailable)) throw error; // its test is skipped
    }
  }
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(() => router.stop());

async function join(url: string, options: ClientOptions & LinkOptions = {}): Promise<Client> {
  const client = await connect(url, { lookup: ipv6First, reconnect: false, ...trust, ...options });
  clients.push(client);
  return client;
}

describe('a host name with several addresses', () => {
  it.each(['ws', 'wss', 'tcp', 'tls', 'udp', 'quic'])('reaches the router if the first refuses: %s', async (scheme) => {
    const port = ports.get(scheme);
    if (port === undefined) return;
    const client = await join(`${scheme}://show.test:${port}`);
    expect(await client.set(`/names/${scheme}`, 1)).toEqual({ revision: 1 });
  });

  it.each(['ws', 'tcp'])('without a listening router causes an error that names each address: %s', async (scheme) => {
    await expect(join(`${scheme}://show.test:1`)).rejects.toThrow(
      /^cannot connect to .*: connect E\w+ ::1:1.*; connect ECONNREFUSED 127\.0\.0\.1:1/,
    );
  });

  it('without a listening router is detected over UDP too', async () => {
    await expect(join('udp://show.test:1')).rejects.toThrow(
      'cannot connect to udp://show.test:1: no program listens there',
    );
  });

  withIpv6(
    'reaches the router over UDP if the first never answers: a repeated HELLO goes to the next address',
    async () => {
      const port = ports.get('udp')!;
      const silent = createSocket('udp6').bind(port, '::1');
      await once(silent, 'listening');
      let hellos = 0;
      silent.on('message', () => hellos++);
      const clock = new SteadyClock();
      const joining = join(`udp://show.test:${port}`, { clock, keepAliveMs: 0 });
      await until(() => hellos === 1);
      clock.increment(1_000);
      const client = await joining;
      expect(await client.set('/names/silent', 1)).toEqual({ revision: 1 });
      expect(hellos).toBe(1);
      silent.close();
    },
  );

  it('that cannot be resolved is one sentence for each scheme', async () => {
    const lookup: LookupFunction = (host, _options, done) => {
      done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' }), []);
    };
    for (const scheme of ['ws', 'tcp', 'tls', 'udp', ...(ports.has('quic') ? ['quic'] : [])]) {
      await expect(join(`${scheme}://show.test:1`, { lookup })).rejects.toThrow(
        /^cannot connect to .*ENOTFOUND show\.test/,
      );
    }
  });

  it('is resolved by a function, and no other type is accepted', async () => {
    const lookup = '127.0.0.1' as unknown as LookupFunction; // as untyped code can call it
    await expect(join('tcp://show.test:1', { lookup })).rejects.toThrow('lookup must be a function, not "127.0.0.1"');
  });
});
