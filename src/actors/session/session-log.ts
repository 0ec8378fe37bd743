import type { Logger } from '../../core/ports.js';
import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import { TokenBucket } from '../../util/token-bucket.js';

/** Lines about single sessions per second, with the same burst. */
export const SESSION_LINES_PER_SECOND = 100;
/** Milliseconds between two lines with the numbers of omitted lines. */
const SUMMARY_INTERVAL_MS = 1_000;

/**
 * Logs each session that opens or ends, up to a rate. Beyond it, one line per second contains the numbers of the
 * others: formatting a line takes 30 µs, a sixth of the time of a connection, and thousands per second hide other lines.
 */
export class SessionLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #lines: TokenBucket;
  #omittedOpened = 0;
  #omittedEnded = 0;
  /** Set while lines are omitted. */
  #timer: unknown;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
    this.#lines = new TokenBucket({ perSecond: SESSION_LINES_PER_SECOND }, clock.now());
  }

  /** @param fields called if the line is written */
  opened(fields: () => object): void {
    if (this.#mayWrite()) this.#logger.info(fields(), 'session opened');
    else this.#omittedOpened++;
  }

  /** @param fields called if the line is written */
  ended(fields: () => object): void {
    if (this.#mayWrite()) this.#logger.info(fields(), 'session ended');
    else this.#omittedEnded++;
  }

  /** Writes the numbers of omitted lines now, if there are any. */
  finish(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const [opened, ended] = [this.#omittedOpened, this.#omittedEnded];
    if (opened + ended === 0) return;
    this.#omittedOpened = 0;
    this.#omittedEnded = 0;
    this.#logger.info({ opened, ended }, `${opened} more sessions opened, and ${ended} ended`);
  }

  #mayWrite(): boolean {
    if (this.#lines.take(this.#clock.now())) return true;
    this.#timer ??= setBackgroundTimer(
      this.#clock,
      () => {
        this.finish();
      },
      SUMMARY_INTERVAL_MS,
    );
    return false;
  }
}
