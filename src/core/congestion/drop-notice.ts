/** Minimum drops within a window that cause a notice, and the length of a window (router.md 3.8). */
const NOTICE_DROPS = 100;
const WINDOW_MICROS = 10_000_000;

/** Counts the messages that a slow session lost, and decides when to notify it. */
export class DropNotice {
  #fresh = 0;
  #inWindow = 0;
  #sinceMicros = -Infinity;
  #toldMicros = -Infinity;

  /** Counts messages dropped in this tick. */
  add(count: number): void {
    this.#fresh += count;
  }

  /**
   * Decides at the end of a tick with drops whether to notify the session, at most once per 10 s.
   *
   * @returns the drops in the last 10 s; undefined if no notice is due
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
