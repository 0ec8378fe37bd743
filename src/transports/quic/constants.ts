import type { CloseReason } from '../../util/close-reason.js';

/** CLASP's usual port for QUIC, of UDP (router.md 19.6). */
export const DEFAULT_QUIC_PORT = 7331;

/** What client and router agree on in the handshake (router.md 19.3). */
export const ALPN = 'clasp/2';

/**
 * Application error codes of a QUIC close. Beyond 0 they begin at 0x5300, after the magic byte of a frame, so that none
 * of them is taken for one of QUIC's own transport errors (0x00 to 0x1ff) where a library does not tell the two apart.
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

/** The connection was cut, with no goodbye meant. */
export const ABORTED = 0x5310;

/** Resets a stream there is no use for: a connection has one, which the client opens. */
export const STREAM_REFUSED = 0x5311;

/** Bytes a peer may have on the way on its stream. Also what it can make us hold by leaving out the first of them. */
export const STREAM_WINDOW_BYTES = 16 << 20;

/** The same for a client, which has one router and trusts it: larger than what is ever on the way, so it never runs out. */
export const CLIENT_WINDOW_BYTES = 64 << 20;

/** Bytes of one peer handed on in one turn of the event loop; the rest waits for the next turn, behind everybody else. */
export const READ_BYTES_PER_TURN = 64 << 10;

/** Bytes of one peer that may wait to be handed on. QUIC cannot be told to slow down: who sends more is cut off. */
export const MAX_UNREAD_BYTES = 8 << 20;

/** The same for all peers of a port together; then whoever has more than one turn's worth waiting is cut off. */
export const MAX_UNREAD_BYTES_IN_ALL = 64 << 20;

/**
 * Peers past the handshake that have had no stream for a second, this computer's not counted. One more, and the oldest of the
 * address that has the most is closed. Four times as many if younger ones are included: then the new one is refused.
 */
export const MAX_STREAMLESS_PEERS = 512;

/** Looks at a stream that gets nowhere in the time it is given. */
export const STALL_CHECKS = 3;

/** Milliseconds from one look for the answer to a probe to the next, and how many there are: 5 s in all. */
export const PROBE_LOOK_MS = 250;
export const PROBE_LOOKS = 20;

/** What any network carries: QUIC does without one that has no room for packets of this many bytes (RFC 9000, section 14). */
export const SMALLEST_PACKET_BYTES = 1_200;

/** What is in a packet beside a datagram: header, connection id, packet number, the frame's own type and length, the tag of TLS. */
export const PACKET_OVERHEAD_BYTES = 64;

/** Larger ones are more likely to be lost on the way, with nobody to send them again. */
export const LARGEST_DATAGRAM_BYTES = 1_200;

/** Datagrams handed to the library in one turn of the event loop, by all connections of a port together. */
export const DATAGRAMS_PER_TURN = 64;

/** Datagrams of all connections of a port that may wait for their turn; while there are that many, streams carry the rest. */
export const MAX_WAITING_DATAGRAMS = 256;

/** Datagrams of one peer looked at in one turn of the event loop; the library itself keeps no more than this. */
export const MAX_DATAGRAMS_READ_PER_TURN = 256;

/** Milliseconds from one question of a client's for datagrams to the next, and how often it asks. */
export const ASK_AGAIN_MS = 1_000;
export const MAX_QUESTIONS = 5;
