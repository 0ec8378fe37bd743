/** One f64 at a time through a shared scratch: a DataView per frame costs ten times the read. */
const float = new Float64Array(1);
const octets = new Uint8Array(float.buffer);
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Reads a big-endian f64; the caller has checked that eight bytes are there. */
export function readFloat64(bytes: Uint8Array, at: number): number {
  if (littleEndian) for (let i = 0; i < 8; i++) octets[7 - i] = bytes[at + i]!;
  else for (let i = 0; i < 8; i++) octets[i] = bytes[at + i]!;
  return float[0]!;
}

/** Writes a big-endian f64. NaN is written in its one canonical form, 7ff8000000000000. */
export function writeFloat64(bytes: Uint8Array, at: number, value: number): void {
  if (Number.isNaN(value)) {
    // Engines carry the payload of a NaN along, so one that was read with another would be written with it again.
    bytes[at] = 0x7f;
    bytes[at + 1] = 0xf8;
    bytes.fill(0, at + 2, at + 8);
    return;
  }
  float[0] = value;
  if (littleEndian) for (let i = 0; i < 8; i++) bytes[at + i] = octets[7 - i]!;
  else for (let i = 0; i < 8; i++) bytes[at + i] = octets[i]!;
}
