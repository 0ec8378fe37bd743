import { TIMESTAMPED_HEADER_BYTES } from './header.js';

/** Hard limits of the wire and of the decoders (wire.md 13 and 14). */

/** Payload bytes per frame. The length field is a u16. */
export const MAX_PAYLOAD_BYTES = 65_535;
/** Bytes of the largest frame: header with timestamp and a full payload. */
export const MAX_FRAME_BYTES = MAX_PAYLOAD_BYTES + TIMESTAMPED_HEADER_BYTES;
/** Nested containers in one value. Official clients nest only a few levels. */
export const MAX_VALUE_DEPTH = 64;
/** Nested bundles, including the outermost. */
export const MAX_BUNDLE_DEPTH = 8;
/** UTF-8 bytes per address or pattern that the router accepts. */
export const MAX_ADDRESS_BYTES = 1_024;
/** UTF-8 bytes of the name in HELLO. */
export const MAX_NAME_BYTES = 255;
/** Segments per address or pattern that the router accepts. Typical addresses have about five. */
export const MAX_SEGMENTS = 128;
