/** Milliseconds of silence after which the system asks whether the peer is still there; without an answer it is lost. */
export const KEEP_ALIVE_MS = 30_000;

/** Of a server for TCP. Half-open, because a peer that has said all may still be listening. */
export const socketOptions = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
} as const;
