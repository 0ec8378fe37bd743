import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { u64FromBigInt, u64FromHalves, u64High, u64Low } from '../../src/protocol/u64.js';
import { arbitraryU64 } from '../support/arbitraries.js';

const boundaries: readonly (readonly [high: number, low: number, value: number | bigint])[] = [
  [0, 0, 0],
  [0, 1, 1],
  [0, 0xffff_ffff, 0xffff_ffff],
  [1, 0, 0x1_0000_0000],
  [0x0006_0dd7, 0x1021_2000, 1_704_067_200_000_000],
  [0x001f_ffff, 0xffff_ffff, Number.MAX_SAFE_INTEGER],
  [0x0020_0000, 0, 2n ** 53n],
  [0x0020_0000, 1, 2n ** 53n + 1n],
  [0x7fff_ffff, 0xffff_ffff, 2n ** 63n - 1n],
  [0x8000_0000, 0, 2n ** 63n],
  [0xffff_ffff, 0xffff_ffff, 2n ** 64n - 1n],
];

describe('u64', () => {
  it.each(boundaries)('of the halves %i and %i is %s', (high, low, value) => {
    expect(u64FromHalves(high, low)).toBe(value);
    expect([u64High(value), u64Low(value)]).toEqual([high, low]);
    expect(u64FromBigInt(BigInt(value))).toBe(value);
  });

  it('equals its halves for every value', () => {
    fc.assert(fc.property(arbitraryU64, (value) => expect(u64FromHalves(u64High(value), u64Low(value))).toBe(value)));
  });

  it.each([-1n, 2n ** 64n, -(2n ** 64n)])('does not represent %s', (value) =>
    expect(u64FromBigInt(value)).toBeUndefined(),
  );
});
