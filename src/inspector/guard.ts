import { isIP } from 'node:net';
import { allowedHost } from '../util-node/host-names.js';
import { clientPrefix } from '../util/client-prefix.js';

/** What a request says of whoever makes it. */
export interface Claim {
  /** As `Connection.remoteAddress`. */
  readonly remoteAddress: string;
  /** Whether it came through a reverse proxy. */
  readonly isForwarded: boolean;
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/** Who may look. */
export interface GuardRule {
  /** Whether other computers may. */
  readonly isRemote: boolean;
  /** Names of the router beside addresses and `localhost`; `*` is all. */
  readonly names: ReadonlySet<string>;
}

/** @param allowHosts as `WebSocketOptions.allowHosts`, which refuses what is no name */
export function guardRule(isRemote: boolean, allowHosts: readonly string[] = []): GuardRule {
  return { isRemote, names: new Set(allowHosts.flatMap((text) => allowedHost(text) ?? [])) };
}

/**
 * Why a request may not see the inspector; undefined where it may.
 *
 * A page from anywhere can make a browser ask for anything on this computer, and a name that its owner moves here after the page has
 * been loaded makes it even "the same origin" (DNS rebinding). So the request has to be for this computer by a name that nobody else can
 * give away: an address, a name of the loopback, or one that the user has listed.
 */
export function refusal(claim: Claim, { isRemote, names }: GuardRule): string | undefined {
  const { remoteAddress, isForwarded, host, origin } = claim;
  if (!isRemote && (isForwarded || clientPrefix(withoutPort(remoteAddress)) !== undefined)) {
    // Behind a proxy on this computer the whole network has its address.
    const proxied = isForwarded ? ', and this request came through a reverse proxy' : '';
    return `the inspector is for this computer alone${proxied}; --inspect-remote opens it to others`;
  }
  const name = hostname(host);
  if (name === undefined || !(isLocalName(name) || isIP(name) !== 0 || names.has(name) || names.has('*'))) {
    return 'open the inspector by an address or as localhost, not by another name; --allow-host allows one';
  }
  if (origin !== undefined && origin !== `http://${host ?? ''}` && origin !== `https://${host ?? ''}`) {
    return 'the inspector takes nothing from pages of others';
  }
  return undefined;
}

/** `127.0.0.1` of `127.0.0.1:5000`, `::1` of `[::1]:5000`. */
function withoutPort(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}

function hostname(host: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:/\s]+))(?::\d{1,5})?$/i.exec(host ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

function isLocalName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}
