/**
 * Returns a peer's address for logs and limits: `192.168.1.20:51234`. IPv4-mapped IPv6 addresses lose their prefix.
 * IPv6 addresses are in brackets.
 *
 * @param address address of the peer; undefined if the peer has disconnected and its address is unknown
 */
export function remoteAddressOf(address: string | undefined, port: number | undefined): string {
  const plain = address?.startsWith('::ffff:') === true ? address.slice(7) : (address ?? 'unknown');
  return plain.includes(':') ? `[${plain}]:${port ?? 0}` : `${plain}:${port ?? 0}`;
}
