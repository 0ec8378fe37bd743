import { type U64, u64FromHalves, u64High, u64Low } from '../../protocol/u64.js';

const TWO_32 = 0x1_0000_0000;

/** Reads a little-endian u64. */
export function littleU64(view: DataView, at: number): U64 {
  return u64FromHalves(view.getUint32(at + 4, true), view.getUint32(at, true));
}

/**
 * Writes a little-endian u64.
 *
 * @param value a bigint in 0..2^64-1, or a number. A number is rounded down, and clipped to 0..2^53-1
 */
export function putLittleU64(view: DataView, at: number, value: U64): void {
  if (typeof value === 'bigint') {
    view.setUint32(at, u64Low(value), true);
    view.setUint32(at + 4, u64High(value), true);
    return;
  }
  const whole = value >= 0 ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0; // NaN is 0
  const high = Math.floor(whole / TWO_32);
  view.setUint32(at, whole - high * TWO_32, true);
  view.setUint32(at + 4, high, true);
}
