import { hostNameOf, isLoopbackName } from '../util-node/host-names.js';
import { TransportError } from '../net/transport-error.js';

/** Lets everybody in. */
const ANY = '*';
/** Pages that come from the computer the router runs on. */
export const SAME_HOST = 'same-host';
/** What a browser says of a page from a file, or from a frame with no rights. */
const NOWHERE = 'null';

/** What a request to upgrade says of where it comes from. */
export interface OriginClaim {
  /** Undefined for everything that is no web page. */
  readonly origin: string | undefined;
  /** The host that the page connects to, with or without a port. */
  readonly host: string | undefined;
  /** Whether that is a name of the router, which nobody else can point here. */
  readonly isHostAllowed: boolean;
  /** Whether it came through a reverse proxy: then the loopback names of the peer are not those of the router. */
  readonly isForwarded: boolean;
}

/** `host`: the page is of the host that it connects to, but that name is not allowed. */
export type OriginVerdict = 'allowed' | 'origin' | 'host';

/** Whether a request may upgrade, or what about it is not allowed. */
export type OriginRule = (claim: OriginClaim) => OriginVerdict;

/**
 * Browsers let any page connect to any WebSocket and only say, in `Origin`, which page it was. So whoever gets a user to open a page
 * could reach the routers of his network, if nobody looked.
 *
 * @param allowed `*`, `same-host`, `null`, or origins such as `https://show.example:8443`
 * @throws TransportError for one that is none of these
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
    `"${text}" is no origin of a web page; write it as https://example.com, without a path, or give *, same-host or null`,
  );
}

/** As browsers write it: no capitals, no usual port; undefined where a browser would write no such thing. */
function normalOrigin(text: string): string | undefined {
  if (text === NOWHERE) return text;
  const url = parsedOrigin(text);
  if (url === undefined) return undefined;
  // Schemes of apps (capacitor://localhost) have no origin in the rules for URLs, and browsers write them all the same.
  return url.origin === NOWHERE ? `${url.protocol}//${url.host}`.toLowerCase() : url.origin;
}

function parsedOrigin(text: string): URL | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#@\\\s]+\/?$/i.test(text) || !URL.canParse(text)) return undefined;
  return new URL(text);
}

/**
 * The same computer, whatever the port: a page served by another program beside the router is the usual installation. All
 * names of the loopback are one.
 */
function isSameHost(origin: string, { host, isForwarded }: OriginClaim): boolean {
  const page = parsedOrigin(origin);
  const own = host === undefined ? undefined : hostNameOf(host);
  if (own === undefined || page === undefined || !/^https?:$/.test(page.protocol)) return false;
  const name = plainName(own);
  if (isForwarded && name === LOOPBACK) return false;
  return name === plainName(page.hostname);
}

/** Stands for all names of the loopback. */
const LOOPBACK = 'localhost';

function plainName(name: string): string {
  const plain = name.replace(/\.$/, '');
  return isLoopbackName(plain) ? LOOPBACK : plain;
}
