import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { isForwarded } from '../util/forwarded-headers.js';
import { forwardedPlaceOf, clientPrefix } from '../util/client-prefix.js';
import { remoteAddressOf } from '../net/remote-address.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** The peer that makes an HTTP request. */
export interface HttpPeer {
  /**
   * `192.168.1.20:51234`. Behind a trusted proxy, the address of the peer itself, with port 0 if the proxy does not
   * send the port.
   */
  readonly remoteAddress: string;
  /** Whether the request came through a reverse proxy, trusted or not. Such a peer never counts as this computer. */
  readonly isForwarded: boolean;
  /**
   * Whether the request came from this computer: from a loopback address or from the address it was sent to, and not
   * through a proxy.
   */
  readonly isLocal: boolean;
}

/** Additional data that the port itself uses. */
export interface ResolvedPeer extends HttpPeer {
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** Key for limits, as returned by `clientPrefix()`. */
  readonly place: string | undefined;
  /** The requested host. Behind a trusted proxy that forwards it, the host that was requested from the proxy. */
  readonly host: string | undefined;
  /** All hosts that the request names. A page of the same origin can set `X-Forwarded-Host` but not `Host`. */
  readonly hosts: readonly (string | undefined)[];
}

/** The part of an `IncomingMessage` that identifies its source. */
interface RequestSource {
  readonly headers: IncomingHttpHeaders;
  readonly socket: Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress'>;
}

export function resolvePeer({ headers, socket }: RequestSource, trusted: TrustedProxies): ResolvedPeer {
  const { remoteAddress: proxy, remotePort } = socket;
  const forwarded = isForwarded(headers);
  const isTrusted = forwarded && trusted.has(proxy);
  const { address, port }: { readonly address: string | undefined; readonly port: number | undefined } =
    isTrusted && proxy !== undefined
      ? trusted.peerOf(headers, { address: proxy, port: remotePort })
      : { address: proxy, port: remotePort };
  const place = forwarded ? forwardedPlaceOf(address) : clientPrefix(address);
  const forwardedHost = isTrusted ? lastOf(headers['x-forwarded-host']) : undefined;
  return {
    address,
    port,
    remoteAddress: remoteAddressOf(address, port),
    isForwarded: forwarded,
    // No other computer can complete a TCP handshake from this computer's own address. Computed on demand, because the
    // local address takes a system call (8 µs), and upgrades do not need it.
    get isLocal() {
      return !forwarded && (place === undefined || (address !== undefined && address === socket.localAddress));
    },
    place,
    host: forwardedHost ?? headers.host,
    hosts: forwardedHost === undefined ? [headers.host] : [headers.host, forwardedHost],
  };
}

/** Returns the last element of a list, which the nearest proxy added. */
function lastOf(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : header?.at(-1);
  return text?.slice(text.lastIndexOf(',') + 1).trim();
}
