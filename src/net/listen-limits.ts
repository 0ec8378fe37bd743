import type { HalfOpenLimits } from '../util/admission/half-open.js';
import { type ConnectRateLimits, connectRateLimits } from './connect-rate.js';

/** Limits for connections that wait because another limit is reached. */
export interface WaitingLimits {
  /** Connections of all addresses that wait. 0: none waits, and connections above a limit are closed immediately. */
  readonly maxWaiting: number;
  /** Connections per address that wait. 0: same as `maxWaiting`. */
  readonly maxWaitingPerAddress: number;
}

/** Limits of a stream transport's port for connections that are not established yet. */
export interface ListenLimits extends ConnectRateLimits, HalfOpenLimits, WaitingLimits {
  /** Milliseconds per handshake, and the longest wait before it starts. */
  readonly handshakeMs: number;
}

/** Returns the given limits, with defaults for the others. */
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
 * Connections that the system queues until the event loop accepts them. The system can allow fewer (on Linux
 * `net.core.somaxconn`). The default of Node.js, 511, is too small for a venue where 800 devices connect at the same
 * moment.
 */
export const LISTEN_BACKLOG = 1_024;
