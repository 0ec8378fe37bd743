import { hostname, networkInterfaces } from 'node:os';

/** The part of the result of `os.networkInterfaces()` that is used. */
export type Interfaces = Readonly<
  Record<string, readonly { readonly address: string; readonly internal: boolean }[] | undefined>
>;

/** Maximum names of a certificate. Computers with many containers have hundreds of addresses. */
const MAX_NAMES = 100;

/**
 * Returns the names under which clients can reach this computer: localhost, its host name, its mDNS name, and its
 * addresses in the local network.
 *
 * @returns DNS names and IP addresses, without duplicates
 */
export function machineNames(
  host: string = hostname(),
  interfaces: Interfaces = networkInterfaces(),
): readonly string[] {
  const name = host.toLowerCase();
  const addresses = Object.values(interfaces)
    .flatMap((found) => found ?? [])
    // A link-local IPv6 address requires an interface, which a certificate cannot name.
    .filter(({ address, internal }) => !internal && !address.toLowerCase().startsWith('fe80:'))
    .map(({ address }) => address);
  const names = [name, ...(name.includes('.') ? [] : [`${name}.local`])].filter(isDnsName);
  return [...new Set(['localhost', '127.0.0.1', '::1', ...names, ...addresses])].slice(0, MAX_NAMES);
}

/**
 * Letters, digits, hyphens and underscores between dots. Certificates allow nothing else; host names of a system can
 * contain other characters.
 */
function isDnsName(name: string): boolean {
  return name.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name);
}
