/**
 * A peer's address for logs and limits: `192.168.1.20:51234`. IPv4 seen through an IPv6 socket loses its prefix, IPv6 gets
 * brackets.
 *
 * @param address of the peer; undefined where it has gone and its address with it
 */
export function remoteAddressOf(address: string | undefined, port: number | undefined): string {
  const plain = address?.startsWith('::ffff:') === true ? address.slice(7) : (address ?? 'unknown');
  return plain.includes(':') ? `[${plain}]:${port ?? 0}` : `${plain}:${port ?? 0}`;
}
