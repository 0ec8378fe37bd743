/** Looks at a peer that takes nothing of what waits, in the time it is given. */
export const STALL_LOOKS = 3;

/** What `tcp()` takes for the time after which a silent peer is asked for a sign of life, and for that of a stall. */
export const DEFAULT_PING_INTERVAL_MS = 30_000;
export const DEFAULT_STALL_MS = 60_000;

/**
 * Bytes of a socket file's path: what the kernel's `sun_path` holds less its final zero. Node cuts a longer one off in
 * silence and listens elsewhere.
 */
export const MAX_PIPE_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** Who may connect to a socket file: its owner. */
export const DEFAULT_PIPE_MODE = 0o600;
