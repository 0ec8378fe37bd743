import type { IncomingMessage } from 'node:http';
import { isForwarded } from '../util/forwarded-headers.js';
import { forwardedPlaceOf, clientPrefix } from '../util/client-prefix.js';
import { remoteAddressOf } from '../net/remote-address.js';
import type { TrustedProxies } from './trusted-proxies.js';

/** Who makes an HTTP request. */
export interface HttpPeer {
  /** `192.168.1.20:51234`; behind a trusted proxy the peer's own, with port 0 where the proxy does not tell it. */
  readonly remoteAddress: string;
  /** Whether it came through a reverse proxy, trusted or not. Then it never counts as this computer. */
  readonly isForwarded: boolean;
  /** Whether it came from this computer: from a loopback address, and through no proxy that says so. */
  readonly isLocal: boolean;
}

/** What the port itself needs to know beside that. */
export interface ResolvedPeer extends HttpPeer {
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** What limits count, as `placeOf()` has it. */
  readonly place: string | undefined;
  /** The host that the peer asked for: behind a trusted proxy that says it, the one that the proxy was asked for. */
  readonly host: string | undefined;
  /** All hosts that the request names. A page can set `X-Forwarded-Host` if it is of the same origin, but not `Host`. */
  readonly hosts: readonly (string | undefined)[];
}

export function resolvePeer(
  { headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>,
  trusted: TrustedProxies,
): ResolvedPeer {
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
    isLocal: !forwarded && place === undefined,
    place,
    host: forwardedHost ?? headers.host,
    hosts: forwardedHost === undefined ? [headers.host] : [headers.host, forwardedHost],
  };
}

/** The last of a list, which the nearest proxy has written. */
function lastOf(header: string | readonly string[] | undefined): string | undefined {
  const text = typeof header === 'string' ? header : header?.at(-1);
  return text?.slice(text.lastIndexOf(',') + 1).trim();
}
