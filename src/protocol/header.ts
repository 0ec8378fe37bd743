// header of a frame (wire.md 2)
//   magic 0x53 · flags u8 · payload length u16 · [timestamp u64]
//   flags: 7..6 QoS · 0x20 timestamp · 0x10 encrypted · 0x08 compressed · 2..0 encoding

/** First byte of every frame. */
export const MAGIC = 0x53;
/** Flag of a header with a timestamp. */
export const TIMESTAMP_FLAG = 0x20;
/** Encrypted and compressed: no codec defines them, so such a payload has no meaning (wire.md 2). */
export const RESERVED_FLAGS = 0x18;

/** The encoding bits of the flags. The first byte of a payload shows its real encoding (wire.md 3). */
export const ENCODING_BITS = 0x07;
export const BINARY_BITS = 1;
export const CBOR_BITS = 2;

/** Bytes of the header without and with the timestamp. */
export const HEADER_BYTES = 4;
export const TIMESTAMPED_HEADER_BYTES = 12;

/** Returns the number of header bytes, from the flags of the header. */
export function headerLength(flags: number): number {
  return flags & TIMESTAMP_FLAG ? TIMESTAMPED_HEADER_BYTES : HEADER_BYTES;
}

/** Returns whether the header has a timestamp. Its first two bytes must exist. */
export function hasTimestamp(frame: Uint8Array, start = 0): boolean {
  return (frame[start + 1]! & TIMESTAMP_FLAG) !== 0;
}

/** Returns whether `bytes[start, end)` is exactly one frame with a header of {@link HEADER_BYTES}. */
export function isPlainFrame(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start >= HEADER_BYTES &&
    bytes[start] === MAGIC &&
    (bytes[start + 1]! & TIMESTAMP_FLAG) === 0 &&
    start + HEADER_BYTES + ((bytes[start + 2]! << 8) | bytes[start + 3]!) === end
  );
}
