import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { TransportError } from '../transport.js';

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
  readonly host: string | undefined;
  /** Whether the connection of the peer is encrypted. */
  readonly encrypted: boolean;
  /** Whether it came through a reverse proxy: then the loopback names of the peer are not those of the router. */
  readonly isForwarded: boolean;
}

/** Whether a request may upgrade. */
export type OriginRule = (claim: OriginClaim) => boolean;

/**
 * Browsers let any page connect to any WebSocket and only say, in `Origin`, which page it was. So whoever gets a user to open a page
 * could reach the routers of his network, if nobody looked.
 *
 * @param allowed `*`, `same-host`, `null`, or origins such as `https://show.example:8443`
 * @throws TransportError for one that is none of these
 */
export function originRule(allowed: readonly string[]): OriginRule {
  const listed = new Set(allowed.map(listedOrigin));
  if (listed.has(ANY)) return () => true;
  const sameHost = listed.has(SAME_HOST);
  return (claim) => {
    const { origin } = claim;
    if (origin === undefined) return true;
    return listed.has(normalOrigin(origin) ?? '') || (sameHost && isSameHost(origin, claim));
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
function isSameHost(origin: string, { host, encrypted, isForwarded }: OriginClaim): boolean {
  const page = parsedOrigin(origin);
  if (host === undefined || page === undefined || !/^https?:$/.test(page.protocol)) return false;
  const ours = parsedOrigin(`http://${host}`);
  if (ours === undefined) return false;
  const name = plainName(ours.hostname);
  if (isForwarded && name === LOOPBACK) return false;
  return name === plainName(page.hostname) && (encrypted || !isAnybodys(name));
}

/** Stands for all names of the loopback. */
const LOOPBACK = 'localhost';

function plainName(name: string): string {
  const plain = name.replace(/\.$/, '');
  return isLoopback(plain) ? LOOPBACK : plain;
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(\.\d+){3}$/.test(name);
}

/** Names that only the local network gives away. */
const LOCAL_DOMAINS = /\.(local|localdomain|lan|home|internal|home\.arpa)$/;

/**
 * Whether the owner of a domain somewhere could have given this name to our address. That is how a page gets the browser to
 * take it for one of ours (DNS rebinding): it moves its own name here once it is loaded. With encryption the certificate would
 * not fit; without it, such a name is only taken where it is listed.
 */
function isAnybodys(name: string): boolean {
  const isAddress = name.startsWith('[') || isIP(name) !== 0;
  return !isAddress && name.includes('.') && !LOCAL_DOMAINS.test(name) && name !== hostname().toLowerCase();
}
