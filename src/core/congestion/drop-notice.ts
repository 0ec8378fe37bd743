/** Drops within a window that are worth a word to the session, and how long the windows are (router.md 3.8). */
const NOTICE_DROPS = 100;
const WINDOW_MICROS = 10_000_000;

/** What a slow session has lost, and when it is to be told. */
export class DropNotice {
  #fresh = 0;
  #inWindow = 0;
  #sinceMicros = -Infinity;
  #toldMicros = -Infinity;

  /** Messages for it were dropped in this tick. */
  add(count: number): void {
    this.#fresh += count;
  }

  /**
   * At the end of a tick with drops: whether to tell the session, which is done once in 10 s at most.
   *
   * @returns how many there were in the last 10 s; undefined when that is not yet worth a word
   */
  notice(nowMicros: number): number | undefined {
    if (nowMicros - this.#sinceMicros >= WINDOW_MICROS) {
      this.#sinceMicros = nowMicros;
      this.#inWindow = 0;
    }
    this.#inWindow += this.#fresh;
    this.#fresh = 0;
    if (this.#inWindow < NOTICE_DROPS || nowMicros - this.#toldMicros < WINDOW_MICROS) return undefined;
    this.#toldMicros = nowMicros;
    return this.#inWindow;
  }
}
