/** Minimum time between two ERRORs. */
const ERROR_MICROS = 1_000_000;
const WINDOW_MICROS = 60_000_000;

/** Limits undecodable frames of a session: single ones are tolerated, a flood closes it. */
export class MalformedLimit {
  #count = 0;
  #sinceMicros = 0;
  #repliedMicros = -Infinity;

  /**
   * Counts an undecodable frame.
   *
   * @param mostPerMinute maximum per minute
   * @returns how to respond
   */
  judge(nowMicros: number, mostPerMinute: number): 'reply' | 'ignore' | 'close' {
    if (nowMicros - this.#sinceMicros > WINDOW_MICROS) {
      this.#sinceMicros = nowMicros;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count > mostPerMinute) return 'close';
    if (nowMicros - this.#repliedMicros < ERROR_MICROS) return 'ignore';
    this.#repliedMicros = nowMicros;
    return 'reply';
  }
}
