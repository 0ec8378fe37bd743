/** A small pseudo-random generator, the same sequence for the same seed everywhere. */
export class Random {
  /** @param seed 0..2^32-1 */
  constructor(seed: number);
  /** An integer in 0..limit-1; 0 when the limit is 0. */
  below(limit: number): number;
  pick<T>(items: readonly T[]): T;
  bytes(length: number): Uint8Array;
}

/** A frame with one to six things wrong with it; three of four have a header that fits their new length. */
export function mutatedFrame(frame: Uint8Array, corpus: readonly Uint8Array[], random: Random): Uint8Array;

/** A frame with a sound header around any payload. @param flags default 0x01 */
export function framed(payload: Uint8Array, flags?: number): Uint8Array;

export function joined(...parts: readonly Uint8Array[]): Uint8Array;
