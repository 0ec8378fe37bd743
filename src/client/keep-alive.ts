import { type Clock, setBackgroundTimer } from '../util/clock.js';
import { ClockWatch } from '../util/clock-watch.js';
import { judgeAfterInput, type PeerDeadline } from '../util/peer-deadline.js';

export interface KeepAliveOptions {
  readonly clock: Clock;
  /** Milliseconds between two keep-alives. 0 disables them and the silence limit. */
  readonly keepAliveMs: number;
  /**
   * Sends a keep-alive. Also called after a jump of the wall clock, because the offset to the router's clock can have
   * changed.
   */
  readonly send: () => void;
  /** Called with the silence when the router has been silent for {@link MAX_SILENT_KEEP_ALIVES} keep-alives. */
  readonly lost: (silentMs: number) => void;
}

/** Keep-alives without any received bytes after which a router is lost. */
const MAX_SILENT_KEEP_ALIVES = 3;

/** Keep-alive of one session. Sends at regular intervals, and detects a silent router. */
export class KeepAlive {
  readonly #options: KeepAliveOptions;
  #lastReceivedMs: number;
  #timer: unknown;
  /** Set while the router has been silent for too long: its answer can be in unread input. */
  #deadline: PeerDeadline | undefined;
  #stopWatching: () => void = () => undefined;

  constructor(options: KeepAliveOptions) {
    this.#options = options;
    this.#lastReceivedMs = options.clock.now();
  }

  /** Starts. Must be called at most once. */
  start(): void {
    const { clock, keepAliveMs, send } = this.#options;
    if (keepAliveMs === 0) return;
    // Watching the clock also detects a stall of this program.
    this.#stopWatching = ClockWatch.of(clock).onJump(() => {
      send();
    });
    this.#plan();
  }

  /** Records that bytes of the router arrived. */
  received(): void {
    this.#lastReceivedMs = this.#options.clock.now();
  }

  /** Stops. Can be called again. */
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
    // In a grace period too: the router must receive messages of this client.
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
