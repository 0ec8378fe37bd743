import { type Clock, microseconds } from '../util/clock.js';
import type { SyncMessage } from '../protocol/messages/message.js';
import type { U64 } from '../protocol/u64.js';

/** Samples kept: with one every keep-alive, those of the last minute or so. */
const MAX_SAMPLES = 8;
/** What two clocks may drift apart while samples are kept, in microseconds; more is a jump of one of them. */
const MAX_DRIFT_MICROS = 50_000;

/** How the router's clock stands to ours, as one SYNC has shown it. */
export interface SyncResult {
  /** Microseconds to add to our clock for the router's. */
  readonly offsetMicros: number;
  /** Microseconds the way there and back took, the router's own time not counted. */
  readonly roundTripMicros: number;
}

/**
 * The router's clock, guessed from its answers (wire.md 10): of the last few the quickest is believed, because what a
 * slow one was held up by is on one of its two ways, and nobody knows on which.
 */
export class ServerClock {
  readonly #clock: Clock;
  #offsetMicros = 0;
  #samples: SyncResult[] = [];
  #lastT1 = -1;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new session: a first, rough guess, which leaves out how long WELCOME took. */
  welcome(time: U64): void {
    this.#samples = [];
    this.#offsetMicros = Number(time) - microseconds(this.#clock);
  }

  /** The t1 of a new SYNC. No two are the same, so the answer tells which it belongs to. */
  nextT1(): number {
    this.#lastT1 = Math.max(microseconds(this.#clock), this.#lastT1 + 1);
    return this.#lastT1;
  }

  /** Takes the answer to a SYNC that we have sent, at the moment it comes. */
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

  /** Unix microseconds by the router's clock, as far as known; ours before the first WELCOME. */
  nowMicros(): number {
    return microseconds(this.#clock) + this.#offsetMicros;
  }
}

/**
 * Whether two samples can be of the same pair of clocks: the true offset is at most half a round trip from each sample's. If
 * not, one of the clocks has jumped, or this computer slept, and the older sample is worth nothing.
 */
function agree(one: SyncResult, other: SyncResult): boolean {
  const apartMicros = Math.abs(one.offsetMicros - other.offsetMicros);
  return apartMicros <= (one.roundTripMicros + other.roundTripMicros) / 2 + MAX_DRIFT_MICROS;
}
