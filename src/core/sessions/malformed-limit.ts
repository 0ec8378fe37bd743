/** At most one ERROR in so long. */
const ERROR_MICROS = 1_000_000;
const WINDOW_MICROS = 60_000_000;

/** How much garbage a session may send: garbage does not end it, a flood of it does (design: undecodable frame). */
export class MalformedLimit {
  #count = 0;
  #sinceMicros = 0;
  #toldMicros = -Infinity;

  /**
   * Another frame could not be read.
   *
   * @param mostPerMinute beyond so many it is enough
   * @returns what is to be done about it
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
