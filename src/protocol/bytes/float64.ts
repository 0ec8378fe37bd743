/** Converts one f64 at a time in shared memory. A DataView per frame costs ten times the read. */
const float = new Float64Array(1);
const octets = new Uint8Array(float.buffer);
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Reads a big-endian f64. The caller has checked that eight bytes exist. */
export function readFloat64(bytes: Uint8Array, at: number): number {
  if (littleEndian) for (let i = 0; i < 8; i++) octets[7 - i] = bytes[at + i]!;
  else for (let i = 0; i < 8; i++) octets[i] = bytes[at + i]!;
  return float[0]!;
}

/** Writes a big-endian f64. Every NaN is written as the canonical 7ff8000000000000. */
export function writeFloat64(bytes: Uint8Array, at: number, value: number): void {
  if (Number.isNaN(value)) {
    // Engines keep the payload of a NaN. Without this branch, a NaN with another payload would be written with that
    // payload.
    bytes[at] = 0x7f;
    bytes[at + 1] = 0xf8;
    bytes.fill(0, at + 2, at + 8);
    return;
  }
  float[0] = value;
  if (littleEndian) for (let i = 0; i < 8; i++) bytes[at + i] = octets[7 - i]!;
  else for (let i = 0; i < 8; i++) bytes[at + i] = octets[i]!;
}
