/** Checks of a stalled peer within its deadline. */
export const STALL_LOOKS = 3;

/** Defaults of `tcp()` for the silence before a PING, and for a stall. */
export const DEFAULT_PING_INTERVAL_MS = 30_000;
export const DEFAULT_STALL_MS = 60_000;

/**
 * Maximum bytes of a socket file's path: the size of the kernel's `sun_path` without its final zero. Node.js silently
 * truncates a longer path and listens elsewhere.
 */
export const MAX_PIPE_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** Default permissions of a socket file: only its owner can connect. */
export const DEFAULT_PIPE_MODE = 0o600;
