import { networkInterfaces } from 'node:os';
import type { ListenAddress } from '../transports/transport.js';

/** The lines a person sees when the router is up. */
export function banner(options: {
  readonly name: string;
  readonly version: string;
  readonly securityMode: 'open';
  readonly addresses: readonly ListenAddress[];
  readonly lan?: readonly string[];
}): string {
  const { name, version, addresses, lan = lanAddresses() } = options;
  const urls = addresses.flatMap((address) => reachable(address, lan));
  const first = urls[0] ?? '';
  return [
    `${name} (clasp-router ${version})`,
    ...addresses.map(({ host, port }) => `listening on ${host.includes(':') ? `[${host}]` : host}:${port}`),
    ...urls.map((url) => `  ${url}`),
    'security: open, so whoever can reach these addresses may read and write everything',
    `try: npx wscat -c ${first} -x '{"type":"hello","version":1,"name":"me","features":[]}'`,
    '',
  ].join('\n');
}

/** Every URL a peer could use for one address: for a wildcard host, this machine's own and each of the network's. */
function reachable({ url, host, port }: ListenAddress, lan: readonly string[]): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [url];
  return ['localhost', ...lan].map((name) => `ws://${name}:${port}`);
}

function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}
