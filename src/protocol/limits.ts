/** Hard limits of the wire and of our decoders (wire.md 13 and 14). */

/** Payload bytes of one frame; the length field is a u16. */
export const MAX_PAYLOAD_BYTES = 65_535;
/** Frame header without and with the timestamp. */
export const HEADER_BYTES = 4;
export const TIMESTAMPED_HEADER_BYTES = 12;
/** The largest frame there is: header with timestamp and a full payload. */
export const MAX_FRAME_BYTES = MAX_PAYLOAD_BYTES + TIMESTAMPED_HEADER_BYTES;
/** Containers inside containers in one value. No official client nests deeper than a few. */
export const MAX_VALUE_DEPTH = 64;
/** Bundles inside bundles, the outermost included. */
export const MAX_BUNDLE_DEPTH = 8;
/** Bytes of UTF-8 in an address or a pattern that the router takes. */
export const MAX_ADDRESS_BYTES = 1_024;
/** Bytes of UTF-8 in the name of a HELLO. */
export const MAX_NAME_BYTES = 255;
/** Segments of an address or a pattern that the router takes. Addresses of installations have some five. */
export const MAX_SEGMENTS = 128;
