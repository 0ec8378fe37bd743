/**
 * An unsigned 64-bit field. It is a number if it is a safe integer, as all revisions and present-day microseconds are,
 * and a bigint otherwise. No bit is lost, and the common case has no extra cost.
 */
export type U64 = number | bigint;

const TWO_32 = 0x1_0000_0000;

/** Joins two u32 halves. */
export function u64FromHalves(high: number, low: number): U64 {
  return high < 0x20_0000 ? high * TWO_32 + low : (BigInt(high) << 32n) | BigInt(low);
}

/** Returns the upper 32 bits. */
export function u64High(value: U64): number {
  return typeof value === 'number' ? Math.floor(value / TWO_32) : Number(value >> 32n);
}

/** Returns the lower 32 bits. */
export function u64Low(value: U64): number {
  return typeof value === 'number' ? value % TWO_32 : Number(value & 0xffff_ffffn);
}

/** Returns the canonical form of a bigint in 0..2^64-1, or undefined outside that range. */
export function u64FromBigInt(value: bigint): U64 | undefined {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) return undefined;
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
