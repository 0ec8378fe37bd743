import { hostNameOf, isLoopbackName } from '../util-node/host-names.js';
import { TransportError } from '../net/transport-error.js';

/** Allows all origins. */
const ANY = '*';
/** Pages from the host on which the router runs. */
export const SAME_HOST = 'same-host';
/** Origin that a browser sends for a page from a file, or from a sandboxed frame. */
const NOWHERE = 'null';

/** Origin data of a request to upgrade. */
export interface OriginClaim {
  /** Undefined if the client is not a web page. */
  readonly origin: string | undefined;
  /** The host to which the page connects, with or without a port. */
  readonly host: string | undefined;
  /** Whether the host is a name of the router that others cannot point to it. */
  readonly isHostAllowed: boolean;
  /**
   * Whether the request came through a reverse proxy. Then the loopback names of the peer are not those of the router.
   */
  readonly isForwarded: boolean;
}

/** `host`: the page has the host to which it connects, but that name is not allowed. */
export type OriginVerdict = 'allowed' | 'origin' | 'host';

/** Returns whether a request can upgrade, or which part is not allowed. */
export type OriginRule = (claim: OriginClaim) => OriginVerdict;

/**
 * Creates the rule for origins. Browsers allow any page to connect to any WebSocket, and only send the page's origin in
 * `Origin`. Without this check, an attacker whose page a user opens could reach the routers of the user's network.
 *
 * @param allowed `*`, `same-host`, `null`, or origins such as `https://show.example:8443`
 * @throws TransportError for any other item
 */
export function originRule(allowed: readonly string[]): OriginRule {
  const listed = new Set(allowed.map(listedOrigin));
  if (listed.has(ANY)) return () => 'allowed';
  const sameHost = listed.has(SAME_HOST);
  return (claim) => {
    const { origin } = claim;
    if (origin === undefined || listed.has(normalOrigin(origin) ?? '')) return 'allowed';
    if (!sameHost || !isSameHost(origin, claim)) return 'origin';
    return claim.isHostAllowed ? 'allowed' : 'host';
  };
}

function listedOrigin(text: string): string {
  const origin = text === ANY || text === SAME_HOST ? text : normalOrigin(text);
  if (origin !== undefined) return origin;
  throw new TransportError(
    `"${text}" is not an origin of a web page; write it as https://example.com, without a path, or use *, same-host or null`,
  );
}

/** Returns an origin as browsers write it: no capitals, no default port. Undefined if no browser would write it. */
function normalOrigin(text: string): string | undefined {
  if (text === NOWHERE) return text;
  const url = parsedOrigin(text);
  if (url === undefined) return undefined;
  // URLs with app schemes (capacitor://localhost) have no origin by the URL standard, but browsers send one.
  return url.origin === NOWHERE ? `${url.protocol}//${url.host}`.toLowerCase() : url.origin;
}

function parsedOrigin(text: string): URL | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\\\s]+\/?$/i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}

/**
 * Returns whether page and router have the same host, on any port: often another program beside the router serves the
 * page. All loopback names are equal.
 */
function isSameHost(origin: string, { host, isForwarded }: OriginClaim): boolean {
  const page = parsedOrigin(origin);
  const own = host === undefined ? undefined : hostNameOf(host);
  if (own === undefined || page === undefined || !/^https?:$/.test(page.protocol)) return false;
  const name = plainName(own);
  if (isForwarded && name === LOOPBACK) return false;
  return name === plainName(page.hostname);
}

/** Stands for all loopback names. */
const LOOPBACK = 'localhost';

function plainName(name: string): string {
  const plain = name.replace(/\.$/, '');
  return isLoopbackName(plain) ? LOOPBACK : plain;
}
