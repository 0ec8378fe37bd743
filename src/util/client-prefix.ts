const UNKNOWN = 'unknown';
/** Peers of a proxy on this computer that does not tell their addresses. */
const LOOPBACK = 'loopback';

/**
 * What limits are counted for: an IPv4 address, or the 64 bits of an IPv6 address that a network is given, because the other 64 its
 * owner may choose as he likes. Undefined for this computer.
 *
 * @param address as a socket has it; undefined where the peer has gone already
 */
export function clientPrefix(address: string | undefined): string | undefined {
  if (address === undefined) return UNKNOWN;
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
  if (plain.startsWith('127.') || plain === '::1') return undefined;
  return plain.includes(':') ? networkOf(plain) : plain;
}

/** The same for a peer that came through a reverse proxy, which is never one of this computer. */
export function forwardedPlaceOf(address: string | undefined): string {
  return clientPrefix(address) ?? LOOPBACK;
}

/** What a connection says of its peer, as `Connection` of the transports has it. */
export interface PeerSource {
  /** `192.168.1.20:51234` or `[fe80::1]:51234`; pipes and connections in memory have no address. */
  readonly remoteAddress: string;
  readonly isForwarded?: boolean | undefined;
}

/** The same for the peer of a connection. */
export function placeOfConnection({ remoteAddress, isForwarded = false }: PeerSource): string | undefined {
  const address = remoteAddress.slice(0, Math.max(remoteAddress.lastIndexOf(':'), 0)).replace(/^\[|\]$/g, '');
  if (isForwarded) return forwardedPlaceOf(address);
  return /[.:]/.test(address) ? clientPrefix(address) : undefined;
}

/** The first four groups of eight, with the zeros that `::` stands for. */
function networkOf(address: string): string {
  const [before = '', after] = address.split('%')[0]!.split('::'); // behind the % stands an interface of ours
  const groups = before === '' ? [] : before.split(':');
  if (after !== undefined) {
    const behind = after === '' ? 0 : after.split(':').length;
    while (groups.length < 8 - behind) groups.push('0');
    if (after !== '') groups.push(...after.split(':'));
  }
  return `${groups.slice(0, 4).join(':')}::/64`;
}
