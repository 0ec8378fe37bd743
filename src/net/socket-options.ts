/**
 * Milliseconds of silence after which the system probes the peer. If the peer does not answer, the connection is lost.
 */
export const KEEP_ALIVE_MS = 30_000;

/**
 * Options of a TCP server. Half-open connections are allowed, because a peer that has finished sending can still
 * receive.
 */
export const socketOptions = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
} as const;
