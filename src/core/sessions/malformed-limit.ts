/** Minimum time between two ERRORs. */
const ERROR_MICROS = 1_000_000;
const WINDOW_MICROS = 60_000_000;

/** Limits undecodable frames of a session: single ones are tolerated, a flood closes it. */
export class MalformedLimit {
  #count = 0;
  #sinceMicros = 0;
  #toldMicros = -Infinity;

  /**
   * Counts an undecodable frame.
   *
   * @param mostPerMinute maximum per minute
   * @returns how to respond
   */
  judge(nowMicros: number, mostPerMinute: number): 'tell' | 'pass over' | 'give up' {
    if (nowMicros - this.#sinceMicros > WINDOW_MICROS) {
      this.#sinceMicros = nowMicros;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count > mostPerMinute) return 'give up';
    if (nowMicros - this.#toldMicros < ERROR_MICROS) return 'pass over';
    this.#toldMicros = nowMicros;
    return 'tell';
  }
}
