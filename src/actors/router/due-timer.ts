import { type Clock, microseconds, setBackgroundTimer } from '../../util/clock.js';

/** Microseconds before a bundle's time at which the event loop starts to turn for it. */
const SPIN_MICROS = 2_000;
/** Turns without progress of the clock after which it counts as stopped. */
const MAX_TURNS_IN_PLACE = 10;
/** Maximum delay of a Node.js timer. */
const LONGEST_TIMER_MS = 0x7fff_ffff;

export interface DueTimerOptions {
  readonly clock: Clock;
  /** Runs a callback in a later turn of the event loop. */
  readonly defer: (callback: () => void) => void;
  /** Called when work can be due. It can be called early, if the work was postponed. */
  readonly onDue: () => void;
}

/** The one timer for all due work of the router. */
export class DueTimer {
  readonly #options: DueTimerOptions;
  /** When the timer fires, by the router's clock. */
  #wakeMicros = Infinity;
  #timer: unknown;
  /** Whether due work remains from the last turn. */
  #isBehind = false;
  /**
   * Whether the event loop is kept turning for a bundle that is nearly due, and since when without progress of the
   * clock.
   */
  #isTurning = false;
  #turnedAtMicros = -1;
  #turnsInPlace = 0;

  constructor(options: DueTimerOptions) {
    this.#options = options;
  }

  /**
   * The due work was done, so the timer must be set again.
   *
   * @param isBehind whether due work remains, for the next turn
   */
  done(isBehind: boolean): void {
    this.#wakeMicros = Infinity;
    this.#isBehind = isBehind;
  }

  clear(): void {
    this.#options.clock.clearTimeout(this.#timer);
  }

  /**
   * Sets the timer, if it must fire earlier than planned. It can fire early; then it is set again.
   *
   * @param dueMicros when other work is due
   * @param exactMicros when work is due that needs millisecond precision; Infinity = never
   */
  set(dueMicros: number, exactMicros: number): void {
    const { clock } = this.#options;
    const due = Math.min(dueMicros, exactMicros - SPIN_MICROS);
    if (due >= this.#wakeMicros || this.#isTurning) return;
    const now = microseconds(clock);
    clock.clearTimeout(this.#timer);
    this.#wakeMicros = due;
    // Due work continues in the next turn, without a timer. Input that arrived in the meantime is handled first.
    if (this.#isBehind) return this.#turnOnce();
    const isNear = exactMicros - now <= SPIN_MICROS;
    if (isNear && this.#turn(now)) return;
    const ms = Math.ceil(((isNear ? exactMicros : due) - now) / 1_000);
    this.#timer = setBackgroundTimer(clock, this.#options.onDue, Math.min(Math.max(ms, 0), LONGEST_TIMER_MS));
  }

  /**
   * Timers are late by 1 to 2 ms. For a bundle, the timer fires early, and turns of the event loop bridge the rest. On
   * a clock that does not advance, such as a simulated one, this would never end, so it is bounded.
   *
   * @returns whether the loop turns
   */
  #turn(now: number): boolean {
    this.#turnsInPlace = now === this.#turnedAtMicros ? this.#turnsInPlace + 1 : 0;
    this.#turnedAtMicros = now;
    if (this.#turnsInPlace > MAX_TURNS_IN_PLACE) return false;
    this.#turnOnce();
    return true;
  }

  #turnOnce(): void {
    this.#isTurning = true;
    this.#options.defer(this.#turned);
  }

  readonly #turned = (): void => {
    this.#isTurning = false;
    this.#options.onDue();
  };
}
