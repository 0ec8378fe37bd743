import { isIP } from 'node:net';
import { allowedHost } from '../util-node/host-names.js';
import { describeOption as describedOption, type DescribeOption } from '../util/describe-option.js';
import { clientPrefix } from '../util/client-prefix.js';

/** Facts about the sender of a request. */
export interface Claim {
  /** Whether the request came from this computer, by a loopback address or by one of its own. */
  readonly isLocal: boolean;
  /** Whether the request came through a reverse proxy. */
  readonly isForwarded: boolean;
  readonly host: string | undefined;
  readonly origin: string | undefined;
}

/** Which requests the inspector accepts. */
export interface GuardRule {
  /** Whether requests from other computers are accepted. */
  readonly isRemote: boolean;
  /** Names of the router beside addresses and `localhost`; `*` matches all. */
  readonly names: ReadonlySet<string>;
  /** Names options in the text of a refusal. */
  readonly describeOption: DescribeOption;
}

export interface GuardOptions {
  readonly isRemote: boolean;
  /** As `WebSocketOptions.allowHosts`, which rejects invalid names. @default none */
  readonly allowHosts?: readonly string[] | undefined;
  readonly describeOption?: DescribeOption | undefined;
}

export function guardRule(options: GuardOptions): GuardRule {
  const { isRemote, allowHosts = [], describeOption = describedOption } = options;
  return { isRemote, names: new Set(allowHosts.flatMap((text) => allowedHost(text) ?? [])), describeOption };
}

/**
 * Returns why a request must not reach the inspector; undefined if it is allowed.
 *
 * Any web page can make a browser send requests to this computer. With DNS rebinding, the owner of a name points it
 * here after the page has loaded, and the browser treats the request as same-origin. The request must therefore use a
 * name that others cannot redirect: an address, a loopback name, or a name that the user has listed.
 */
export function refusal(claim: Claim, { isRemote, names, describeOption }: GuardRule): string | undefined {
  const { isLocal, isForwarded, host, origin } = claim;
  if (!isRemote && (isForwarded || !isLocal)) {
    // Behind a proxy on this computer, all requests come from a loopback address.
    const proxied = isForwarded ? ', and this request came through a reverse proxy' : '';
    return `the inspector accepts only this computer${proxied}; ${describeOption('isRemote')} allows others`;
  }
  const name = hostname(host);
  if (name === undefined || !(isLocalName(name) || isIP(name) !== 0 || names.has(name) || names.has('*'))) {
    return `open the inspector by an address or as localhost, not by another name; ${describeOption('allowHosts')} allows one`;
  }
  if (origin !== undefined && origin !== `http://${host ?? ''}` && origin !== `https://${host ?? ''}`) {
    return 'the inspector rejects requests from pages of another origin';
  }
  return undefined;
}

/** Whether an address with a port, as `Connection.remoteAddress`, is a loopback address. */
export function isLoopback(remoteAddress: string): boolean {
  return clientPrefix(withoutPort(remoteAddress)) === undefined;
}

/** Returns `127.0.0.1` for `127.0.0.1:5000`, `::1` for `[::1]:5000`. */
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
