import { MAX_JSON_TEXT } from '../../protocol/encodings/json.js';
import type { CloseReason } from '../../util/close-reason.js';

/** CLASP's usual port. */
export const DEFAULT_PORT = 7330;

/**
 * Bytes of a text message, which carries JSON: no more than the decoder takes characters. `ws` holds at most this much of
 * an unfinished message for each connection.
 */
export const MAX_TEXT_BYTES = MAX_JSON_TEXT;

/** Fragments of one message. The largest there is comes through in pieces of a quarter of a kilobyte. */
export const MAX_FRAGMENTS = 1_024;

/**
 * Pieces the network may cut one frame into, as far as `ws` reads it: each costs far more than the bytes in it. The largest text
 * comes through in packets of 64 bytes.
 */
export const MAX_CHUNKS = 4_096;

/** Pings and pongs a peer may send in a second, and at once: each ping is a packet of our own. */
export const MAX_CONTROL_FRAMES_PER_SECOND = 50;

/** Answers to pings that wait for a peer that does not read; beyond, it is cut off. */
export const MAX_PENDING_PONGS = 1_000;

/** Milliseconds from one ping to the next if nothing else is said. */
export const DEFAULT_PING_INTERVAL_MS = 30_000;

/** Pings without any answer after which a peer counts as gone. */
export const MAX_MISSED_PONGS = 2;

/** Close codes of RFC 6455, section 7.4.1, and of the IANA registry (1013). */
export const closeCodes: Readonly<Record<CloseReason['kind'], number>> = {
  normal: 1000,
  goingAway: 1001,
  protocol: 1002,
  policy: 1008,
  tooLarge: 1009,
  internal: 1011,
  overloaded: 1013,
};

/**
 * Codes of a peer that leaves: 1000, and 1005, which `ws` reports where a Close frame has no code. Browsers send 1001 by themselves
 * when they suspend or discard a page, so it is a loss like every other code.
 */
export const leavingCodes: ReadonlySet<number> = new Set([1000, 1005]);

/** `ws` reports this where a connection ended without a close frame of the peer. It is never on the wire. */
export const ABNORMAL_CLOSURE = 1006;

/** The subprotocols, the preferred one first (wire.md 1). */
export const SUBPROTOCOL = 'clasp';
/** Messages as CBOR maps instead of compact binary. */
export const SUBPROTOCOL_CBOR = 'clasp.cbor';
/** What clients up to 0.1.9 ask for. */
export const SUBPROTOCOL_V2 = 'clasp.v2';
