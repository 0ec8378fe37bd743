/** Default port of CLASP, here for UDP. */
export const DEFAULT_PORT = 7330;

/** Defaults of `udp()`. `docs/reference/udp.md` contains the same table. */
export const defaults = {
  port: DEFAULT_PORT,
  host: '0.0.0.0',
  /** 1,500 bytes of Ethernet, minus the headers of IPv6 and UDP, minus the overhead of tunnels and PPPoE. */
  maxDatagramBytes: 1_400,
  /**
   * Twice the router's high-water mark. Above that mark a session is congested, and the router keeps the latest value
   * of each param for it. That is better than dropping the newest datagrams. Only a very large tick reaches this limit.
   */
  maxQueuedBytes: 2 * 1_048_576,
  idleMs: 30_000,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 64,
  cookiesPerSecond: 1_000,
} as const;

/** IPv4 must support datagrams of 548 bytes. A smaller one hardly fits a WELCOME. */
export const SMALLEST_MAX_DATAGRAM_BYTES = 512;
/** Maximum datagram of IPv4: 65,535 bytes minus both headers. */
export const LARGEST_DATAGRAM_BYTES = 65_507;

/** Maximum ratio of bytes sent to bytes received, for a source that has not returned its cookie. */
export const AMPLIFICATION_LIMIT = 3;
/**
 * Bytes of the smallest legal HELLO: header, type, version, features and two empty strings. The answer with the cookie
 * has 25 bytes, less than three times as many.
 */
export const MIN_HELLO_BYTES = 11;
/**
 * Maximum bytes of a HELLO. Decoding a HELLO of an unvalidated source must be cheap, and every network carries this
 * size unfragmented.
 */
export const MAX_HELLO_BYTES = 1_400;

/** Milliseconds for which a cookie is current. It is valid in the next slot too: for 30 to 60 s. */
export const COOKIE_SLOT_MS = 30_000;
/** 64 bits cannot be guessed within a minute, and fit the answer to the smallest HELLO. */
export const COOKIE_BYTES = 8;

/** Minimum milliseconds between two notices about frames that were too large. */
export const NOTICE_INTERVAL_MS = 1_000;

/**
 * Maximum bytes that a connection stores until there is a subscriber. Excess is dropped, because a datagram cannot be
 * left with the network.
 */
export const MAX_UNREAD_BYTES = 131_072;
/** Memory overhead per unread datagram. */
export const UNREAD_OVERHEAD_BYTES = 128;

/** Maximum memory of the datagrams of all connections that wait for the network. */
export const MAX_HELD_BYTES = 67_108_864;
/** Memory overhead per queued datagram. About 800 bytes with Node.js 20 on Linux. */
export const HELD_OVERHEAD_BYTES = 1_024;
