import { hostname, networkInterfaces } from 'node:os';

/** What `os.networkInterfaces()` gives, as far as it matters here. */
export type Interfaces = Readonly<
  Record<string, readonly { readonly address: string; readonly internal: boolean }[] | undefined>
>;

/** Names of one certificate at most; computers with many containers have hundreds of addresses. */
const MAX_NAMES = 100;

/**
 * What clients may call this computer: localhost, its name, that name in mDNS, and its addresses in the local network.
 *
 * @returns DNS names and IP addresses, each once
 */
export function machineNames(
  host: string = hostname(),
  interfaces: Interfaces = networkInterfaces(),
): readonly string[] {
  const name = host.toLowerCase();
  const addresses = Object.values(interfaces)
    .flatMap((found) => found ?? [])
    // A link-local IPv6 address means nothing without its interface, which no certificate can name.
    .filter(({ address, internal }) => !internal && !address.toLowerCase().startsWith('fe80:'))
    .map(({ address }) => address);
  const names = [name, ...(name.includes('.') ? [] : [`${name}.local`])].filter(isDnsName);
  return [...new Set(['localhost', '127.0.0.1', '::1', ...names, ...addresses])].slice(0, MAX_NAMES);
}

/** Letters, digits, hyphens and underscores between dots: a certificate takes nothing else, a system may. */
function isDnsName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name);
}
