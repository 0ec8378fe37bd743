import { networkInterfaces } from 'node:os';
import type { ListenAddress } from '../transports/transport.js';

/** The lines a person sees when the router is up. */
export function banner(options: {
  readonly name: string;
  readonly version: string;
  readonly securityMode: 'open' | 'authenticated';
  readonly addresses: readonly ListenAddress[];
  /** What TLS and QUIC show. */
  readonly certificate?: { readonly fingerprint: string; readonly selfSigned: boolean } | undefined;
  /** Whether there is a page that shows what goes on. */
  readonly hasInspector?: boolean;
  readonly lan?: readonly string[];
}): string {
  const { name, version, addresses, certificate, lan = lanAddresses() } = options;
  return [
    `${name} (clasp-router ${version})`,
    ...addresses.flatMap((address) => [
      `listening on ${placeOf(address)}${address.transport === 'websocket' ? '' : ` (${address.transport})`}`,
      ...(address.port === 0 ? [] : reachable(address, lan).map((url) => `  ${url}`)),
    ]),
    ...(certificate === undefined ? [] : [certificateLine(certificate)]),
    securityLine(options.securityMode),
    ...(options.hasInspector === true ? inspectorLine(addresses) : []),
    ...hint(addresses, lan),
    '',
  ].join('\n');
}

function securityLine(mode: 'open' | 'authenticated'): string {
  return mode === 'open'
    ? 'security: open, so whoever can reach these addresses may read and write everything'
    : 'security: nobody gets in without a token; clasp-router token create makes one';
}

function placeOf({ host, port, url }: ListenAddress): string {
  if (port === 0) return url; // a transport without ports
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Every URL a peer could use for one address: for a wildcard host, this machine's own and each of the network's. */
function reachable({ url, host, port }: ListenAddress, lan: readonly string[]): string[] {
  if (host !== '0.0.0.0' && host !== '::') return [url];
  const scheme = url.slice(0, url.indexOf('://'));
  return ['localhost', ...lan].map((name) => `${scheme}://${name}:${port}`);
}

function certificateLine({
  fingerprint,
  selfSigned,
}: {
  readonly fingerprint: string;
  readonly selfSigned: boolean;
}): string {
  return `certificate${selfSigned ? ' (self-signed)' : ''}: SHA-256 ${fingerprint}`;
}

function inspectorLine(addresses: readonly ListenAddress[]): string[] {
  const door = addresses.find(({ transport }) => transport === 'websocket');
  if (door === undefined) return [];
  return [`inspector: ${door.url.startsWith('wss:') ? 'https' : 'http'}://localhost:${door.port}/inspect/`];
}

function hint(addresses: readonly ListenAddress[], lan: readonly string[]): string[] {
  const door = addresses.find(({ transport }) => transport === 'websocket');
  const [first] = door === undefined ? [] : reachable(door, lan);
  if (first === undefined) return [];
  const trusting = first.startsWith('wss:') ? '-n ' : '';
  return [`try: npx wscat ${trusting}-c ${first} -x '{"type":"hello","version":1,"name":"me","features":[]}'`];
}

function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}
