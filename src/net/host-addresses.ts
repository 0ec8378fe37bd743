import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type Clock, systemClock } from '../util/clock.js';
import { errorCode } from './listen-error.js';

/** An IP address of a host name. */
export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Maximum number of addresses that are tried per name. */
const MAX_ADDRESSES = 16;

/** Milliseconds until the next address is tried in parallel if one does not answer (RFC 8305, section 8). */
export const ATTEMPT_DELAY_MS = 250;

/**
 * Returns the addresses of a host name in the order of the system, without duplicates. For an IP address, returns that
 * address. Many systems resolve `localhost` to `::1` and `127.0.0.1`, in either order.
 *
 * @throws the error of the lookup, with its `code`: ENOTFOUND, EAI_AGAIN
 */
export async function addressesOf(
  host: string,
  lookup: LookupFunction = systemLookup,
): Promise<readonly HostAddress[]> {
  const version = isIP(host);
  if (version !== 0 || host === '') return [{ address: host, family: version === 6 ? 6 : 4 }];
  const found = await new Promise<readonly LookupAddress[]>((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses, family) => {
      if (error !== null) reject(error);
      else resolve(typeof addresses === 'string' ? [{ address: addresses, family: family ?? 4 }] : addresses);
    });
  });
  const unique = new Map(found.map(({ address, family }) => [address, family === 6 ? 6 : 4] as const));
  return [...unique].slice(0, MAX_ADDRESSES).map(([address, family]) => ({ address, family }));
}

/** Error codes for an address or address family that this computer does not have. */
const foreignCodes: ReadonlySet<unknown> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);

/**
 * Listens on the first address of a host name that this computer has. On computers with IPv6 disabled, `localhost` can
 * resolve to `::1` first.
 *
 * @param listen rejects with the error of the system
 * @throws the first error if the computer has none of the addresses; any other error immediately
 */
export async function listenOnFirst<T>(
  addresses: readonly HostAddress[],
  listen: (address: HostAddress) => Promise<T>,
): Promise<T> {
  let firstError: unknown;
  for (const address of addresses) {
    try {
      return await listen(address);
    } catch (error) {
      if (!foreignCodes.has(errorCode(error))) throw error;
      firstError ??= error;
    }
  }
  throw firstError;
}

export interface ConnectAttempts<T> {
  readonly addresses: readonly HostAddress[];
  /** Connects to one address. The signal aborts if another address was faster. */
  readonly connect: (address: string, signal: AbortSignal) => Promise<T>;
  /** Closes a connection that was established too late. */
  readonly release: (connection: T) => void;
  /** @default the system clock */
  readonly clock?: Clock | undefined;
}

/**
 * Connects to the first address that answers. The next address is tried if one fails, or in parallel after 250 ms.
 *
 * @throws AggregateError with the error of each address in the order of failure; for a single address its own error
 */
export function connectToFirst<T>(attempts: ConnectAttempts<T>): Promise<T> {
  const { addresses, connect, release, clock = systemClock } = attempts;
  const over = new AbortController();
  const errors: unknown[] = [];
  return new Promise((resolve, reject) => {
    let next = 0;
    let timer: unknown;
    const tryNext = (): void => {
      clock.clearTimeout(timer);
      const address = addresses[next++];
      if (address === undefined || over.signal.aborted) return;
      if (next < addresses.length) timer = clock.setTimeout(tryNext, ATTEMPT_DELAY_MS);
      connect(address.address, over.signal).then(
        (connection) => {
          if (over.signal.aborted) {
            release(connection);
            return;
          }
          clock.clearTimeout(timer);
          over.abort();
          resolve(connection);
        },
        (error: unknown) => {
          errors.push(error);
          if (errors.length === addresses.length) reject(failureOf(errors));
          else tryNext();
        },
      );
    };
    tryNext();
  });
}

function failureOf(errors: readonly unknown[]): Error {
  const [first] = errors;
  return errors.length === 1 && first instanceof Error ? first : new AggregateError(errors);
}
