import { isIP } from 'node:net';

/** One end of a connection: an address and, if known, a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number | undefined;
}

/** Maximum number of hops that are read. Beyond it, the last hop counts as the peer. */
const MAX_HOPS = 32;
/** Maximum characters of an address with port, brackets and quotes. */
const MAX_HOP_CHARACTERS = 80;

/**
 * Yields the peers of `X-Forwarded-For: client, proxy1, proxy2` from the right: the nearest proxy added the last.
 * Yields undefined for an item that is not an address: a string that a client invented, or a name that a proxy uses to
 * hide an address.
 */
export function* hopsOf(header: string): IterableIterator<Endpoint | undefined> {
  for (const element of fromTheRight(header)) yield endpointOf(element);
}

/**
 * Like {@link hopsOf}, for `Forwarded: for=192.0.2.43, for="[2001:db8::17]:4711";proto=https` (RFC 7239, section 4).
 */
export function* forwardedHopsOf(header: string): IterableIterator<Endpoint | undefined> {
  for (const element of fromTheRight(header)) yield endpointOf(/(?:^|;)\s*for\s*=([^;]*)/i.exec(element)?.[1] ?? '');
}

/** Yields the elements of a list, the last first, without building an array. */
function* fromTheRight(header: string): IterableIterator<string> {
  for (let hops = 0, end = header.length; hops < MAX_HOPS && end >= 0; hops++) {
    const comma = header.lastIndexOf(',', end - 1);
    yield end === 0 ? '' : header.slice(comma + 1, end);
    if (end === 0) return;
    end = comma;
  }
}

/** Parses `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`, with or without quotes. */
function endpointOf(text: string): Endpoint | undefined {
  const bare = text.length > MAX_HOP_CHARACTERS ? '' : text.trim().replace(/^"(.*)"$/, '$1');
  const [, inBrackets, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(bare) ?? [];
  const address = normalAddress(inBrackets ?? plain ?? bare);
  return address === undefined ? undefined : { address, port: port === undefined ? undefined : Number(port) };
}

/**
 * Returns an address in the form of limits and logs: IPv4-mapped addresses as IPv4, no zone. Undefined for an invalid
 * address.
 */
export function normalAddress(text: string): string | undefined {
  const address = text.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIP(address) === 0) return undefined;
  return address.split('%')[0]!.toLowerCase();
}
