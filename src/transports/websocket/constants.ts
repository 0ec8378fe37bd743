import { MAX_JSON_TEXT } from '../../protocol/encodings/json.js';

/** Default port of CLASP. */
export const DEFAULT_PORT = 7330;

/**
 * Maximum bytes of a text message, which contains JSON: as many as the decoder accepts characters. `ws` stores at most
 * this much of an incomplete message per connection.
 */
export const MAX_TEXT_BYTES = MAX_JSON_TEXT;

/** Maximum fragments per message. The largest message can have fragments of a quarter of a kilobyte. */
export const MAX_FRAGMENTS = 1_024;

/**
 * Maximum network chunks per frame that `ws` reads: a chunk costs far more than its bytes. The largest text message can
 * arrive in packets of 64 bytes.
 */
export const MAX_CHUNKS = 4_096;

/** Maximum pings and pongs of a peer per second, with the same burst: each ping causes a packet of this side. */
export const MAX_CONTROL_FRAMES_PER_SECOND = 50;

/** Maximum queued answers to pings for a peer that does not read. Beyond it, the peer is cut off. */
export const MAX_PENDING_PONGS = 1_000;

/** Milliseconds between pings without other traffic. */
export const DEFAULT_PING_INTERVAL_MS = 30_000;

/** Unanswered pings after which a peer is lost. */
export const MAX_MISSED_PONGS = 2;

/** Maximum milliseconds of a close, however much the peer still reads. */
export const MAX_CLOSE_MS = 30_000;

/** The subprotocols, the preferred one first (wire.md 1). */
export const SUBPROTOCOL = 'clasp';
/** Messages as CBOR maps instead of compact binary. */
export const SUBPROTOCOL_CBOR = 'clasp.cbor';
/** Requested by clients up to 0.1.9. */
export const SUBPROTOCOL_V2 = 'clasp.v2';
