import { BlockList, isIP } from 'node:net';
import { TransportError } from '../net/transport-error.js';
import { type Endpoint, forwardedHopsOf, hopsOf, normalAddress } from './forwarded-for.js';

/** The reverse proxies whose headers are trusted. */
export class TrustedProxies {
  readonly #list = new BlockList();

  /**
   * @param texts addresses and networks: `192.168.1.2`, `10.0.0.0/8`, `fd00::/8` @throws TransportError for an invalid
   * one
   */
  constructor(texts: readonly string[]) {
    for (const text of texts) this.#add(text);
  }

  has(address: string | undefined): boolean {
    const normal = address === undefined ? undefined : normalAddress(address);
    return normal !== undefined && this.#list.check(normal, familyOf(normal));
  }

  /**
   * Returns the peer of a request that a trusted proxy forwarded: the rightmost address of `X-Forwarded-For` or
   * `Forwarded` that is not trusted. A client can have written all addresses further left. If a hop is not an address,
   * the hop to its right is the last known one. If the two headers disagree, the client wrote one of them, and the
   * proxy is the peer.
   */
  peerOf(headers: Readonly<Record<string, string | readonly string[] | undefined>>, proxy: Endpoint): Endpoint {
    const [forwardedFor, forwarded] = [textOf(headers['x-forwarded-for']), textOf(headers.forwarded)];
    const first = forwardedFor === undefined ? undefined : this.#furthest(hopsOf(forwardedFor), proxy);
    const second = forwarded === undefined ? undefined : this.#furthest(forwardedHopsOf(forwarded), proxy);
    if (first !== undefined && second !== undefined && first.address !== second.address) return proxy;
    return second ?? first ?? proxy;
  }

  #furthest(hops: Iterable<Endpoint | undefined>, proxy: Endpoint): Endpoint {
    let known = proxy;
    for (const hop of hops) {
      if (hop === undefined) break;
      known = hop;
      if (!this.has(hop.address)) break;
    }
    return known;
  }

  #add(text: string): void {
    const [address = '', prefix, ...more] = text.trim().split('/');
    const family = isIP(address) === 0 ? undefined : familyOf(address);
    const bits = family === 'ipv4' ? 32 : 128;
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
    if (family === undefined || !isPrefix || more.length > 0) {
      throw new TransportError(
        `"${text}" is not an address or network of a trusted proxy; write it as 192.168.1.2, 10.0.0.0/8 or fd00::/8`,
      );
    }
    this.#list.addSubnet(address.split('%')[0]!, prefix === undefined ? bits : Number(prefix), family);
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** Node.js joins repeated headers with commas, but not all of them. */
function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.join(',');
}
