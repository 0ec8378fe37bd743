/** Reads the IEEE 754 widths that this library does not write. Both widen exactly. */

const float32 = new Float32Array(1);
const float32Bits = new Uint32Array(float32.buffer);

/** @param bits u32 */
export function float32FromBits(bits: number): number {
  float32Bits[0] = bits;
  return float32[0]!;
}

/** @param bits u16: sign, 5 bits of exponent, 10 of fraction */
export function float16FromBits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
