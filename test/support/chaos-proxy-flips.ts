import type { FaultCounts } from './chaos-proxy.js';
import type { Random } from './mutate.mjs';

/** Flips one bit per `bytesPerFlip` bytes on average, regardless of how the network splits them. */
export class BitFlips {
  readonly #dice: Random;
  readonly #counts: FaultCounts;
  /** Bytes until the next flip; undefined if none is planned. */
  #untilNext: number | undefined;

  constructor(dice: Random, counts: FaultCounts) {
    this.#dice = dice;
    this.#counts = counts;
  }

  /** @returns the same bytes, or a copy with flipped bits */
  apply(bytes: Uint8Array, bytesPerFlip: number): Uint8Array {
    if (bytesPerFlip === 0) {
      this.#untilNext = undefined;
      return bytes;
    }
    let at = this.#untilNext ?? this.#gap(bytesPerFlip);
    let flipped: Uint8Array | undefined;
    for (; at < bytes.length; at += 1 + this.#gap(bytesPerFlip)) {
      flipped ??= Uint8Array.from(bytes);
      flipped[at]! ^= 1 << this.#dice.below(8);
      this.#counts.flips++;
    }
    this.#untilNext = at - bytes.length;
    return flipped ?? bytes;
  }

  /** Unchanged bytes before a flip: with the flipped one, `bytesPerFlip` on average. */
  #gap(bytesPerFlip: number): number {
    return this.#dice.below(2 * bytesPerFlip - 1);
  }
}
