import type { HalfOpenLimits } from '../util/admission/half-open.js';
import { type ConnectRateLimits, connectRateLimits } from './connect-rate.js';

/** How many connections wait while a limit is reached. */
export interface WaitingLimits {
  /** Of all addresses together; 0: none waits, and what is above a limit is closed at once. */
  readonly maxWaiting: number;
  /** Of one address; 0: as many as `maxWaiting`. */
  readonly maxWaitingPerAddress: number;
}

/** What a port of a stream transport takes of connections that are not established yet. */
export interface ListenLimits extends ConnectRateLimits, HalfOpenLimits, WaitingLimits {
  /** Milliseconds for a handshake, and the longest wait for its begin. */
  readonly handshakeMs: number;
}

/** The limits given, and the defaults for the others. */
export function listenLimits(given: {
  readonly [K in keyof ListenLimits]?: ListenLimits[K] | undefined;
}): ListenLimits {
  return {
    handshakeMs: given.handshakeMs ?? 10_000,
    maxHalfOpen: given.maxHalfOpen ?? 512,
    maxHalfOpenPerAddress: given.maxHalfOpenPerAddress ?? 64,
    maxWaiting: given.maxWaiting ?? 2_048,
    maxWaitingPerAddress: given.maxWaitingPerAddress ?? 1_024,
    ...connectRateLimits(given),
  };
}

/**
 * Connections that the system keeps until the event loop accepts them; the system may allow fewer (on Linux
 * `net.core.somaxconn`). Node's default of 511 is less than a venue of 800 devices brings in one moment.
 */
export const LISTEN_BACKLOG = 1_024;
