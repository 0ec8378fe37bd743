/** Token bucket: `perSecond` sustained, `burst` peak. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAtMs: number;

  /**
   * Creates a full bucket.
   *
   * @param options.perSecond above 0
   * @param options.burst maximum tokens at once; at least 1. @default perSecond, but at least 1
   * @param nowMs the current time of the clock that {@link take} uses
   */
  constructor(options: { readonly perSecond: number; readonly burst?: number | undefined }, nowMs: number) {
    this.#perSecond = options.perSecond;
    this.#burst = options.burst ?? Math.max(options.perSecond, 1);
    this.#tokens = this.#burst;
    this.#filledAtMs = nowMs;
  }

  /** Returns the available tokens, a whole number; negative after {@link overdraw}. */
  available(nowMs: number): number {
    this.#fill(nowMs);
    return Math.floor(this.#tokens);
  }

  /** Takes one token. @returns whether one was available */
  take(nowMs: number): boolean {
    return this.takeUpTo(1, nowMs) === 1;
  }

  /** Takes the available tokens, at most `count`. @returns their number, a whole number */
  takeUpTo(count: number, nowMs: number): number {
    this.#fill(nowMs);
    const taken = Math.min(count, Math.floor(this.#tokens));
    this.#tokens -= taken;
    return taken;
  }

  /** Takes `count` tokens even if fewer are available. The deficit must refill before a token is available again. */
  overdraw(count: number): void {
    this.#tokens -= count;
  }

  #fill(nowMs: number): void {
    const earned = ((nowMs - this.#filledAtMs) * this.#perSecond) / 1_000;
    this.#tokens = Math.min(this.#burst, this.#tokens + earned);
    this.#filledAtMs = nowMs;
  }
}
