/** So many in a second in the long run, and so many at once after a rest. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs: number;

  /**
   * A full one.
   *
   * @param options.perSecond above 0
   * @param options.burst how many may be taken at once; at least 1. @default perSecond, but at least 1
   * @param nowMs the time, by whatever clock the calls of {@link take} go by
   */
  constructor(options: { readonly perSecond: number; readonly burst?: number | undefined }, nowMs: number) {
    this.#perSecond = options.perSecond;
    this.#burst = options.burst ?? Math.max(options.perSecond, 1);
    this.#tokens = this.#burst;
    this.#filledAtMs = nowMs;
  }

  /** How many can be taken now, a whole number; below 0 after {@link overdraw}. */
  available(nowMs: number): number {
    this.#fill(nowMs);
    return Math.floor(this.#tokens);
  }

  /** Takes one, if there is one. */
  take(nowMs: number): boolean {
    return this.takeUpTo(1, nowMs) === 1;
  }

  /** Takes as many as there are, at most `count`. @returns how many, a whole number */
  takeUpTo(count: number, nowMs: number): number {
    this.#fill(nowMs);
    const taken = Math.min(count, Math.floor(this.#tokens));
    this.#tokens -= taken;
    return taken;
  }

  /** Takes `count` even if there are fewer: what is missing has to be earned before there is one again. */
  overdraw(count: number): void {
    this.#tokens -= count;
  }

  #fill(nowMs: number): void {
    const earned = ((nowMs - this.#filledAtMs) * this.#perSecond) / 1_000;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#filledAtMs = nowMs;
  }
}
