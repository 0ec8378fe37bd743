import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** Whether a server may be asked for by a name. @param host the `Host` of a request, with or without a port */
export type HostRule = (host: string | undefined) => boolean;

/** Allows every name. */
const ANY = '*';

/**
 * Returns the rule for a server that listens on an address. It prevents DNS rebinding: the owner of a name points it at the server after a
 * page was loaded, and the browser takes the server for the origin of the page. Nobody else can point these names anywhere:
 *
 * - on a loopback address: `localhost`, names below it, and loopback addresses;
 * - on another address: these, every address, the host name of this computer (`desk`), `desk.local` and `clasp-desk.local`.
 *
 * Requests without a host are allowed, because every browser sends one.
 *
 * @param allowed more names and addresses, without port; `*` allows all. As {@link allowedHost} returns them
 * @param listensOn an address of this computer, or an unspecified one: `127.0.0.1`, `0.0.0.0`, `::`
 * @param configured what the user wrote for it: a host name is allowed outside of the loopback
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

/** Normalizes a name or address for the list of {@link hostRule}; undefined for other text, such as a URL or a name with a port. */
export function allowedHost(text: string): string | undefined {
  if (text === ANY) return text;
  return text.includes(ANY) ? undefined : plainName(text);
}

/** The name in `Host: name:port` as browsers write it: lower case, no dot at the end, IPv6 in brackets. Undefined if it is none. */
export function hostNameOf(host: string): string | undefined {
  if (!/^[^/?#@\\\s]+$/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).hostname.replace(/\.$/, '');
}

/** Whether a name as {@link hostNameOf} returns it stands for the loopback. */
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

/** Asked each time: a computer can be renamed. macOS gives its name with `.local`. */
function ownNames(): readonly string[] {
  const full = hostname().toLowerCase();
  const short = full.split('.')[0]!;
  return [full, short, `${short}.local`, `clasp-${short}.local`];
}
