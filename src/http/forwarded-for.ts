import { isIP } from 'node:net';

/** One end of a connection, as an address and, where it is known, a port. */
export interface Endpoint {
  readonly address: string;
  readonly port: number | undefined;
}

/** Proxies in a row that are looked at; beyond, the last one counts as the peer. */
const MAX_HOPS = 32;
/** Characters of an address with its port, in brackets and quotes. */
const MAX_HOP_CHARACTERS = 80;

/**
 * Yields the peers of `X-Forwarded-For: client, proxy1, proxy2` from the right: the last was added by the nearest proxy. Undefined stands
 * for one that is no address: text that a client made up, or a name that a proxy uses to hide an address.
 */
export function* hopsOf(header: string): IterableIterator<Endpoint | undefined> {
  for (const element of fromTheRight(header)) yield endpointOf(element);
}

/** The same for `Forwarded: for=192.0.2.43, for="[2001:db8::17]:4711";proto=https` (RFC 7239, section 4). */
export function* forwardedHopsOf(header: string): IterableIterator<Endpoint | undefined> {
  for (const element of fromTheRight(header)) yield endpointOf(/(?:^|;)\s*for\s*=([^;]*)/i.exec(element)?.[1] ?? '');
}

/** Elements of a list, the last first, without a list of all of them. */
function* fromTheRight(header: string): IterableIterator<string> {
  for (let hops = 0, end = header.length; hops < MAX_HOPS && end >= 0; hops++) {
    const comma = header.lastIndexOf(',', end - 1);
    yield end === 0 ? '' : header.slice(comma + 1, end);
    if (end === 0) return;
    end = comma;
  }
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`, all with quotes or without. */
function endpointOf(text: string): Endpoint | undefined {
  const bare = text.length > MAX_HOP_CHARACTERS ? '' : text.trim().replace(/^"(.*)"$/, '$1');
  const [, inBrackets, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(bare) ?? [];
  const address = normalAddress(inBrackets ?? plain ?? bare);
  return address === undefined ? undefined : { address, port: port === undefined ? undefined : Number(port) };
}

/** An address as limits and logs have it: IPv4 seen through IPv6 as IPv4, without a zone; undefined for what is none. */
export function normalAddress(text: string): string | undefined {
  const address = text.replace(/^::ffff:(?=\d+\.)/i, '');
  if (isIP(address) === 0) return undefined;
  return address.split('%')[0]!.toLowerCase();
}
