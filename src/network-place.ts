const UNKNOWN = 'unknown';

/**
 * What limits are counted for: an IPv4 address, or the 64 bits of an IPv6 address that a network is given, because the other 64 its
 * owner may choose as he likes. Undefined for this computer.
 *
 * @param address as a socket has it; undefined where the peer has gone already
 */
export function placeOf(address: string | undefined): string | undefined {
  if (address === undefined) return UNKNOWN;
  const plain = address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
  if (plain.startsWith('127.') || plain === '::1') return undefined;
  return plain.includes(':') ? networkOf(plain) : plain;
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
