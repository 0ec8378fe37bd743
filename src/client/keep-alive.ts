import { type Clock, setBackgroundTimer } from '../util/clock.js';
import { ClockWatch } from '../util/clock-watch.js';
import { judgeAfterInput, type PeerDeadline } from '../util/peer-deadline.js';

export interface KeepAliveOptions {
  readonly clock: Clock;
  /** Milliseconds between two keep-alives; 0 sends none, and no silence is too long. */
  readonly keepAliveMs: number;
  /** Sends one. Called as well after a jump of the wall clock: the offset to the router's clock may be another one. */
  readonly send: () => void;
  /** Called when the router has been silent for {@link MAX_SILENT_KEEP_ALIVES} keep-alives, with its silence. */
  readonly lost: (silentMs: number) => void;
}

/** Keep-alives without anything received after which a router is lost. */
const MAX_SILENT_KEEP_ALIVES = 3;

/** The keep-alive of one session: sends regularly, and judges a router that sends nothing. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #lastReceivedMs: number;
  #timer: unknown;
  /** Set while the router has been silent for too long: its answer may be among the input that waits. */
  #deadline: PeerDeadline | undefined;
  #stopWatching: () => void = () => undefined;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#lastReceivedMs = options.clock.now();
  }

  /** Begins. Called once at most. */
  start(): void {
    const { clock, keepAliveMs, send } = this.#options;
    if (keepAliveMs === 0) return;
    // Watching the clock shows a stall of this program as well.
    this.#stopWatching = ClockWatch.of(clock).onJump(() => {
      send();
    });
    this.#plan();
  }

  /** Something came from the router. */
  received(): void {
    this.#lastReceivedMs = this.#options.clock.now();
  }

  /** Ends. Can be called again. */
  stop(): void {
    this.#options.clock.clearTimeout(this.#timer);
    this.#deadline?.clear();
    this.#stopWatching();
    this.#stopWatching = () => undefined;
  }

  #plan(): void {
    const { clock, keepAliveMs } = this.#options;
    this.#timer = setBackgroundTimer(clock, this.#due, keepAliveMs);
  }

  readonly #due = (): void => {
    const { clock, send } = this.#options;
    if (this.#isSilent) this.#deadline ??= judgeAfterInput(clock, this.#judge);
    // In a grace period as well: the router has to receive something from this client.
    this.#plan();
    send();
  };

  readonly #judge = (): void => {
    this.#deadline = undefined;
    if (this.#isSilent) this.#options.lost(this.#silentMs);
  };

  get #isSilent(): boolean {
    return this.#silentMs >= MAX_SILENT_KEEP_ALIVES * this.#options.keepAliveMs;
  }

  get #silentMs(): number {
    return this.#options.clock.now() - this.#lastReceivedMs;
  }
}
