const UNKNOWN = 'unknown';
/** Peers of a proxy on this computer that does not forward their addresses. */
const LOOPBACK = 'loopback';

/**
 * Returns the key for limits per address: an IPv4 address, or the 64-bit network of an IPv6 address, because the owner
 * of a network can choose the other 64 bits. Undefined for this computer.
 *
 * @param address of the socket; undefined if the peer has disconnected
 */
export function clientPrefix(address: string | undefined): string | undefined {
  if (address === undefined) return UNKNOWN;
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
  if (plain.startsWith('127.') || plain === '::1') return undefined;
  return plain.includes(':') ? networkOf(plain) : plain;
}

/** Returns the key for a peer behind a reverse proxy, which never counts as this computer. */
export function forwardedPlaceOf(address: string | undefined): string {
  return clientPrefix(address) ?? LOOPBACK;
}

/** The peer's address, as a transport's `Connection` contains it. */
export interface PeerSource {
  /** `192.168.1.20:51234` or `[fe80::1]:51234`; pipes and in-memory connections have no address. */
  readonly remoteAddress: string;
  readonly isForwarded?: boolean | undefined;
}

/** Returns the key for the peer of a connection. */
export function clientPrefixOf({ remoteAddress, isForwarded = false }: PeerSource): string | undefined {
  const end = Math.max(remoteAddress.lastIndexOf(':'), 0);
  const address = remoteAddress.startsWith('[') ? remoteAddress.slice(1, end - 1) : remoteAddress.slice(0, end);
  if (isForwarded) return forwardedPlaceOf(address);
  return address.includes('.') || address.includes(':') ? clientPrefix(address) : undefined;
}

/** Returns the first four of eight groups, with the zeros that `::` abbreviates. */
function networkOf(address: string): string {
  const [before = '', after] = address.split('%')[0]!.split('::'); // the % precedes the name of a local interface
  const groups = before === '' ? [] : before.split(':');
  if (after !== undefined) {
    const behind = after === '' ? 0 : after.split(':').length;
    while (groups.length < 8 - behind) groups.push('0');
    if (after !== '') groups.push(...after.split(':'));
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
