import { isIP } from 'node:net';
import { hostname } from 'node:os';

/**
 * Decides whether a server answers requests for a host name. @param host the `Host` of a request, with or without a
 * port
 */
export type HostRule = (host: string | undefined) => boolean;

/** Allows every name. */
const ANY = '*';

/**
 * Returns the rule for a server that listens on an address. It prevents DNS rebinding: after the browser has loaded a
 * page from a host name, an attacker points that name at the server. The browser then takes the server for the origin
 * of the page. An attacker cannot point these names at the server:
 *
 * - on a loopback address: `localhost`, names below it, and loopback addresses;
 * - on another address: these, every address, the host name of this computer (`desk`), `desk.local` and
 *   `clasp-desk.local`.
 *
 * Requests without a host are allowed, because every browser sends one.
 *
 * @param allowed more names and addresses, without port, as {@link allowedHost} returns them; `*` allows all
 * @param listensOn an address of this computer, or an unspecified one: `127.0.0.1`, `0.0.0.0`, `::`
 * @param configured the configured form of the address: a host name is allowed outside of the loopback
 */
export function hostRule(allowed: readonly string[], listensOn: string, configured: string = listensOn): HostRule {
  const listed = new Set(allowed);
  if (listed.has(ANY)) return () => true;
  const isLocal = isLoopbackName(plainName(listensOn) ?? '');
  const given = plainName(configured);
  return (host) => {
    if (host === undefined || host === '') return true;
    const name = hostNameOf(host);
    if (name === undefined) return false;
    if (isLoopbackName(name) || listed.has(name)) return true;
    return !isLocal && (isAddress(name) || name === given || ownNames().includes(name));
  };
}

/** Normalizes a name or address for {@link hostRule}. Undefined for other text, such as a URL or a name with a port. */
export function allowedHost(text: string): string | undefined {
  if (text === ANY) return text;
  return text.includes(ANY) ? undefined : plainName(text);
}

/**
 * Returns the name in `Host: name:port` as browsers write it: lower case, no dot at the end, IPv6 in brackets.
 * Undefined if it is invalid.
 */
export function hostNameOf(host: string): string | undefined {
  if (!/^[^/?#@\\\s]+$/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).hostname.replace(/\.$/, '');
}

/** Whether a name, as {@link hostNameOf} returns it, denotes the loopback. */
export function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(\.\d+){3}$/.test(name);
}

function plainName(text: string): string | undefined {
  if (isIP(text) === 6) return hostNameOf(`[${text.replace(/%.*$/, '')}]`)?.replace(/^\[::ffff:7f.*\]$/, '127.0.0.1');
  return /:(?!.*\])/.test(text) ? undefined : hostNameOf(text);
}

function isAddress(name: string): boolean {
  return name.startsWith('[') || isIP(name) !== 0;
}

/** Read per call, because a computer can be renamed. macOS returns its name with `.local`. */
function ownNames(): readonly string[] {
  const full = hostname().toLowerCase();
  const short = full.split('.')[0]!;
  return [full, short, `${short}.local`, `clasp-${short}.local`];
}
