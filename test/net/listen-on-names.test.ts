import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createRequire } from 'node:module';
import type { LookupAddress } from 'node:dns';
import { NEVER } from 'rxjs';
import type { Listener, Transport } from '../../src/transports/transport.js';
import type { ListenAddress } from '../../src/net/listen-address.js';

type Lookup = (host: string, ...rest: unknown[]) => void;
type Done = (error: Error | null, addresses: readonly LookupAddress[]) => void;

// The shared module object, before its first import here. Modules of Node.js cannot be mocked in another way.
const dns = createRequire(import.meta.url)('node:dns') as { lookup: Lookup };
const systemLookup = dns.lookup;

/** `show.test` has two addresses, and this computer has the second. The first is a documentation address (RFC 5737). */
dns.lookup = (host, ...rest) => {
  const done = rest.at(-1) as Done; // invariant: the callback is the last argument
  if (host === 'nowhere.test') done(Object.assign(new Error(host), { code: 'ENOTFOUND' }), []);
  else if (host !== 'show.test') systemLookup(host, ...rest);
  else
    done(
      null,
      ['192.0.2.1', '127.0.0.1'].map((address) => ({ address, family: 4 })),
    );
};
afterAll(() => {
  dns.lookup = systemLookup;
});

const { webSocket } = await import('../../src/transports/websocket/index.js');
const { openHttpPort } = await import('../../src/http/index.js');
const { tcp } = await import('../../src/transports/tcp/index.js');
const { udp } = await import('../../src/transports/udp/index.js');
const { quic, http3Provider } = await import('../../src/transports/quic/index.js');
const { quicCertificate } = await import('../support/quic-client.js');
const { TransportUnavailable } = await import('../../src/net/transport-error.js');

const open: Listener[] = [];
let transports: Readonly<Record<string, (host: string) => Transport>>;

beforeAll(async () => {
  const tls = { credentials: await quicCertificate(), renewed$: NEVER };
  transports = {
    websocket: (host) => webSocket({ host, port: 0 }),
    tcp: (host) => tcp({ host, port: 0 }),
    tls: (host) => tcp({ host, port: 0, tls }),
    udp: (host) => udp({ host, port: 0 }),
    quic: (host) => quic({ host, port: 0, tls, provider: http3Provider() }),
  };
});
afterEach(async () => {
  for (const listener of open.splice(0)) await listener.close();
});

async function listen(name: string, host: string): Promise<readonly ListenAddress[]> {
  const listener = await transports[name]!(host).listen();
  open.push(listener);
  return listener.addresses;
}

describe('a host name to listen on', () => {
  it.each(['websocket', 'tcp', 'tls', 'udp', 'quic'])(
    'uses the first of its addresses that this computer has: %s',
    async (name) => {
      try {
        expect(await listen(name, 'show.test')).toMatchObject([{ host: '127.0.0.1' }]);
      } catch (error) {
        if (!(error instanceof TransportUnavailable)) throw error; // QUIC is not available on every computer.
      }
    },
  );

  it('is resolved in the same way by the health port', async () => {
    const port = await openHttpPort({ host: 'show.test', port: 0, routes: [] });
    expect(port.url).toMatch(/^http:\/\/127\.0\.0\.1:/);
    await port.close();
  });

  it.each(['websocket', 'tcp', 'udp'])('causes a one-sentence error if it is unknown: %s', async (name) => {
    await expect(listen(name, 'nowhere.test')).rejects.toThrow(
      'the host name nowhere.test cannot be resolved; choose an address of this computer with the option host',
    );
  });

  it.each(['websocket', 'tcp', 'udp'])(
    'causes a one-sentence error if this computer does not have its address: %s',
    async (name) => {
      await expect(listen(name, '192.0.2.1')).rejects.toThrow(
        'the address 192.0.2.1 does not belong to this computer; choose another with the option host',
      );
    },
  );
});
