import { isNoticeDue, NOTICE_WINDOW_MICROS } from './policy.js';

/** Counts the messages that a slow session lost. The policy decides when it is notified. */
export class DropNotice {
  #fresh = 0;
  #inWindow = 0;
  #sinceMicros = -Infinity;
  #noticeMicros = -Infinity;

  /** Counts messages dropped in this tick. */
  add(count: number): void {
    this.#fresh += count;
  }

  /**
   * Ends a tick with drops.
   *
   * @returns the drops in the last 10 s; undefined if no notice is due
   */
  notice(nowMicros: number): number | undefined {
    if (nowMicros - this.#sinceMicros >= NOTICE_WINDOW_MICROS) {
      this.#sinceMicros = nowMicros;
      this.#inWindow = 0;
    }
    this.#inWindow += this.#fresh;
    this.#fresh = 0;
    if (!isNoticeDue(this.#inWindow, nowMicros - this.#noticeMicros)) return undefined;
    this.#noticeMicros = nowMicros;
    return this.#inWindow;
  }
}
