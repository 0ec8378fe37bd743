import { type Clock, microseconds } from '../util/clock.js';
import type { SyncMessage } from '../protocol/messages/message.js';
import type { U64 } from '../protocol/u64.js';

/** Maximum stored samples. With one per keep-alive, they cover about the last minute. */
const MAX_SAMPLES = 8;
/** Maximum drift of two clocks in microseconds while samples are stored. More means that one of them has jumped. */
const MAX_DRIFT_MICROS = 50_000;

/** Offset of the router's clock from the local clock, as measured by one SYNC. */
export interface SyncResult {
  /** Microseconds from the local clock to the router's clock. */
  readonly offsetMicros: number;
  /** Microseconds of the round trip, without the router's own time. */
  readonly roundTripMicros: number;
}

/**
 * Estimate of the router's clock from its answers (wire.md 10). Of the last few, the one with the shortest round trip
 * is used. A slow one was delayed on one of its two ways, and it is unknown on which.
 */
export class ServerClock {
  readonly #clock: Clock;
  #offsetMicros = 0;
  #samples: SyncResult[] = [];
  #lastT1 = -1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts a session with a first, rough estimate, which ignores the latency of WELCOME. */
  welcome(time: U64): void {
    this.#samples = [];
    this.#offsetMicros = Number(time) - microseconds(this.#clock);
  }

  /** Returns the t1 of a new SYNC. Each is unique, so an answer identifies its SYNC. */
  nextT1(): number {
    this.#lastT1 = Math.max(microseconds(this.#clock), this.#lastT1 + 1);
    return this.#lastT1;
  }

  /** Records the answer to a SYNC as soon as it arrives. */
  sample({ t1, t2 = 0, t3 = t2 }: SyncMessage): SyncResult {
    const [sent, received, answered, back] = [Number(t1), Number(t2), Number(t3), microseconds(this.#clock)];
    const result: SyncResult = {
      offsetMicros: Math.round((received - sent + (answered - back)) / 2),
      roundTripMicros: Math.max(0, back - sent - (answered - received)),
    };
    this.#samples = [...this.#samples.slice(1 - MAX_SAMPLES).filter((one) => agree(one, result)), result];
    const best = this.#samples.reduce((a, b) => (b.roundTripMicros <= a.roundTripMicros ? b : a));
    this.#offsetMicros = best.offsetMicros;
    return result;
  }

  /** Returns Unix microseconds of the router's clock, as estimated. Before the first WELCOME, of the local clock. */
  nowMicros(): number {
    return microseconds(this.#clock) + this.#offsetMicros;
  }
}

/**
 * Returns whether two samples fit the same pair of clocks. The true offset differs from each sample's by at most half
 * of its round trip. If they do not fit, a clock has jumped or this computer slept, and the older sample is invalid.
 */
function agree(one: SyncResult, other: SyncResult): boolean {
  const apartMicros = Math.abs(one.offsetMicros - other.offsetMicros);
  return apartMicros <= (one.roundTripMicros + other.roundTripMicros) / 2 + MAX_DRIFT_MICROS;
}
