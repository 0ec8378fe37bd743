/** CLASP's usual port, here the one of UDP. */
export const DEFAULT_PORT = 7330;

/** What `udp()` takes where nothing else is said; `docs/udp.md` holds the same table. */
export const defaults = {
  port: DEFAULT_PORT,
  host: '0.0.0.0',
  /** 1,500 bytes of Ethernet, less the headers of IPv6 and UDP, less what tunnels and PPPoE take. */
  maxDatagramBytes: 1_400,
  /**
   * Twice the router's high-water mark: above that mark a session is congested, and the router keeps the latest value of each
   * param for it, which is far better than to drop whatever comes last. This limit is only reached by one huge tick.
   */
  maxQueuedBytes: 2 * 1_048_576,
  idleMs: 30_000,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 64,
  cookiesPerSecond: 1_000,
} as const;

/** IPv4 is bound to carry datagrams of 548 bytes; in less than that, hardly a WELCOME fits. */
export const SMALLEST_MAX_DATAGRAM_BYTES = 512;
/** What IPv4 carries in one datagram: 65,535 bytes less both headers. */
export const LARGEST_DATAGRAM_BYTES = 65_507;

/** Before a source has shown its cookie it is sent at most this many times what it sent. */
export const AMPLIFICATION_LIMIT = 3;
/**
 * The smallest legal HELLO: header, type, version, features and two empty texts. The answer with the cookie has 25 bytes, which
 * is less than three times that.
 */
export const MIN_HELLO_BYTES = 11;
/** No larger HELLO is read: one that is decoded for a stranger must cost little, and this is what any network carries whole. */
export const MAX_HELLO_BYTES = 1_400;

/** How long a cookie is the current one. It is good for the next slot too: for 30 to 60 s. */
export const COOKIE_SLOT_MS = 30_000;
/** 64 bits: out of reach of guessing within a minute, and small enough for an answer to the smallest HELLO. */
export const COOKIE_BYTES = 8;

/** Milliseconds from one notice about a frame that was too large to the next. */
export const NOTICE_INTERVAL_MS = 1_000;

/** Bytes that a connection keeps until somebody subscribes; more is dropped. A datagram cannot be left with the network. */
export const MAX_UNREAD_BYTES = 131_072;
/** What an unread datagram takes besides its bytes. */
export const UNREAD_OVERHEAD_BYTES = 128;

/** Memory that the datagrams of all connections may take together while the network is behind. */
export const MAX_HELD_BYTES = 67_108_864;
/** What a datagram in the queue takes besides its bytes: about 800 with Node 20 on Linux. */
export const HELD_OVERHEAD_BYTES = 1_024;
