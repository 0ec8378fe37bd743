import { networkInterfaces } from 'node:os';
import type { ListenAddress } from '../net/listen-address.js';

export interface BannerOptions {
  readonly name: string;
  readonly version: string;
  readonly securityMode: 'open' | 'authenticated';
  readonly addresses: readonly ListenAddress[];
  /** The certificate of TLS and QUIC. */
  readonly certificate?: { readonly fingerprint: string; readonly selfSigned: boolean } | undefined;
  /** `--data-dir`, the folder of the tokens. @default the default folder */
  readonly dataDir?: string | undefined;
  /** The folder in which params are stored. @default none: they are in memory only */
  readonly storeFolder?: string | undefined;
  /** Returns the link to the inspector page of a router at a URL. @default no page */
  readonly inspectorLink?: ((url: string) => string | undefined) | undefined;
  /** IPv4 addresses of this computer on its networks. @default those of the system */
  readonly lan?: readonly string[];
}

/** Returns the lines that the command prints when the router has started. */
export function banner(options: BannerOptions): string {
  const { name, version, addresses, certificate, lan = lanAddresses() } = options;
  return [
    `${name} (clasp-router ${version})`,
    ...addresses.flatMap((address) => [
      `listening on ${hostAndPort(address)}${address.transport === 'websocket' ? '' : ` (${address.transport})`}`,
      ...(address.port === 0 ? [] : reachable(address, lan).map((url) => `  ${url}`)),
    ]),
    ...(certificate === undefined ? [] : [certificateLine(certificate)]),
    storeLine(options.storeFolder),
    securityLine(options.securityMode),
    ...inspectorLine(options),
    ...hint(options, lan),
    '',
  ].join('\n');
}

function storeLine(folder: string | undefined): string {
  return folder === undefined ? 'params: in memory only; a restart loses them' : `params: stored in ${folder}`;
}

function securityLine(mode: 'open' | 'authenticated'): string {
  return mode === 'open'
    ? 'security: open; every client that reaches these addresses can read and write everything'
    : 'security: clients need a token; clasp-router token create makes one';
}

function hostAndPort({ host, port, url }: ListenAddress): string {
  if (port === 0) return url; // a transport without ports
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Returns every URL of an address: for a wildcard host, localhost and each address of this computer. */
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

function inspectorLine({ addresses, inspectorLink }: BannerOptions): string[] {
  const link = inspectorLink && linkOf(addresses, inspectorLink);
  return link === undefined ? [] : [`inspector: ${link}`];
}

/** Returns the link to the inspector page on the WebSocket port; undefined without one. */
export function linkOf(
  addresses: readonly ListenAddress[],
  link: (url: string) => string | undefined,
): string | undefined {
  const webSocket = addresses.find(({ transport }) => transport === 'websocket');
  return webSocket && link(webSocket.url);
}

/** Returns a command with a valid HELLO; in authenticated mode also the command that makes its token. */
function hint({ addresses, securityMode, dataDir }: BannerOptions, lan: readonly string[]): string[] {
  const webSocket = addresses.find(({ transport }) => transport === 'websocket');
  const [first] = webSocket === undefined ? [] : reachable(webSocket, lan);
  if (first === undefined) return [];
  const trusting = first.startsWith('wss:') ? '-n ' : '';
  const hello = { type: 'hello', version: 1, name: 'me', features: [] };
  const say = (message: object): string => `npx wscat ${trusting}-c ${first} -x '${JSON.stringify(message)}'`;
  if (securityMode === 'open') return [`try: ${say(hello)}`];
  const where = dataDir === undefined ? '' : ` --data-dir ${quoted(dataDir)}`;
  return [
    `try: npx clasp-router token create --scopes "admin:/**" --ttl 1h${where}`,
    '     and, with the printed token instead of TOKEN:',
    `     ${say({ ...hello, token: 'TOKEN' })}`,
  ];
}

/** Quotes a path for a shell, if necessary. */
function quoted(path: string): string {
  return /^[\w./:\\-]+$/.test(path) ? path : `"${path}"`;
}

function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}
