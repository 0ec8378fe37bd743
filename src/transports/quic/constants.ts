import type { CloseReason } from '../../util/close-reason.js';

/** Default UDP port of CLASP over QUIC (router.md 19.6). */
export const DEFAULT_QUIC_PORT = 7331;

/** ALPN protocol of client and router (router.md 19.3). */
export const ALPN = 'clasp/2';

/**
 * Application error codes of a QUIC close. Codes other than 0 start at 0x5300, after the magic byte of a frame. They
 * cannot be confused with QUIC transport errors (0x00 to 0x1ff) in libraries that do not distinguish the two.
 */
export const quicCloseCodes: Readonly<Record<CloseReason['kind'], number>> = {
  normal: 0x00,
  goingAway: 0x5301,
  protocol: 0x5302,
  policy: 0x5303,
  tooLarge: 0x5304,
  internal: 0x5305,
  overloaded: 0x5306,
};

/** The connection was cut without a close. */
export const ABORTED = 0x5310;

/** Resets an unexpected stream: a connection has one, which the client opens. */
export const STREAM_REFUSED = 0x5311;

/**
 * Maximum bytes in flight on a peer's stream. Also the memory that a peer can occupy by withholding the first bytes.
 */
export const STREAM_WINDOW_BYTES = 16 << 20;

/**
 * Like {@link STREAM_WINDOW_BYTES}, for a client. It trusts its single router, so the window exceeds the bytes ever in
 * flight and is never exhausted.
 */
export const CLIENT_WINDOW_BYTES = 64 << 20;

/**
 * Bytes of one peer that are delivered per turn of the event loop. The rest waits for the next turn, after all other
 * peers.
 */
export const READ_BYTES_PER_TURN = 64 << 10;

/** Maximum undelivered bytes per peer. QUIC has no backpressure here: a peer that exceeds the limit is cut off. */
export const MAX_UNREAD_BYTES = 8 << 20;

/**
 * Maximum undelivered bytes of all peers of a port. Above it, peers with more than one turn's worth of bytes are cut
 * off.
 */
export const MAX_UNREAD_BYTES_IN_ALL = 64 << 20;

/**
 * Maximum peers that have had no stream for one second after the handshake, not counting this computer. One more, and
 * the oldest peer of the address with most of them is closed. Including younger peers, the limit is four times as high;
 * beyond it the new peer is refused.
 */
export const MAX_STREAMLESS_PEERS = 512;

/** Checks of a stalled stream within its deadline. */
export const STALL_CHECKS = 3;

/** Milliseconds between checks for the answer to a probe, and the number of checks: 5 s in total. */
export const PROBE_LOOK_MS = 250;
export const PROBE_LOOKS = 20;

/**
 * Packet size that every network supports. QUIC does not work on a network with a smaller limit (RFC 9000, section 14).
 */
export const SMALLEST_PACKET_BYTES = 1_200;

/** Packet bytes besides a datagram's content: header, connection id, packet number, frame type and length, TLS tag. */
export const PACKET_OVERHEAD_BYTES = 64;

/** Larger datagrams are more likely to be lost in transit, and they are not retransmitted. */
export const LARGEST_DATAGRAM_BYTES = 1_200;

/** Datagrams passed to the library per turn of the event loop, by all connections of a port. */
export const DATAGRAMS_PER_TURN = 64;

/** Maximum queued datagrams of all connections of a port. While the queue is full, streams carry further frames. */
export const MAX_WAITING_DATAGRAMS = 256;

/** Datagrams of one peer that are read per turn of the event loop. The library buffers no more than this. */
export const MAX_DATAGRAMS_READ_PER_TURN = 256;

/** Milliseconds between a client's requests for datagrams, and the maximum number of requests. */
export const ASK_AGAIN_MS = 1_000;
export const MAX_QUESTIONS = 5;
