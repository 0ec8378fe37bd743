// @ts-check

/** Time from the first to the last mark. Marks are cheap: the clock is read once per turn of the event loop. */
export class Stopwatch {
  #firstAt = 0;
  #lastAt = 0;
  #isMarked = false;

  get seconds() {
    return (this.#lastAt - this.#firstAt) / 1000;
  }

  mark() {
    if (this.#isMarked) return;
    this.#isMarked = true;
    this.#lastAt = performance.now();
    if (this.#firstAt === 0) this.#firstAt = this.#lastAt;
    setImmediate(() => (this.#isMarked = false));
  }

  reset() {
    this.#firstAt = this.#lastAt = 0;
  }
}
