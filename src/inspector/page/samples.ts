/** Time range of a sparkline, in milliseconds. */
export const SPARK_MS = 30_000;

/** Maximum samples per address: the feed sends at most four per second, for {@link SPARK_MS}. */
const MAX_SAMPLES = 120;
/** Maximum addresses; the page shows no more signals than this. */
const MAX_ADDRESSES = 5_000;

interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** Recent numbers per address. */
export class Samples {
  readonly #byAddress = new Map<string, Sample[]>();

  clear(): void {
    this.#byAddress.clear();
  }

  forget(address: string): void {
    this.#byAddress.delete(address);
  }

  add(address: string, atMs: number, value: number): void {
    let samples = this.#byAddress.get(address);
    if (samples === undefined) {
      if (this.#byAddress.size >= MAX_ADDRESSES) return;
      samples = [];
      this.#byAddress.set(address, samples);
    }
    if ((samples.at(-1)?.atMs ?? 0) > atMs) samples.length = 0; // the router's clock was set back
    samples.push({ atMs, value });
    // Keeps one sample from before the range: it gives the value at the left edge.
    while (samples.length > MAX_SAMPLES || (samples[1]?.atMs ?? Infinity) <= atMs - SPARK_MS) samples.shift();
  }

  /**
   * Returns the last 30 s as an SVG path. The path has steps, because a param keeps its value until the next write.
   *
   * @returns an empty string if the address never had a number
   */
  path(address: string, nowMs: number, width: number, height: number): string {
    const samples = this.#byAddress.get(address);
    if (samples === undefined || samples.length === 0) return '';
    const from = nowMs - SPARK_MS;
    const seen = samples.filter((sample, index) => sample.atMs >= from || (samples[index + 1]?.atMs ?? nowMs) > from);
    const { low, high } = rangeOf(seen);
    const x = (atMs: number): string => (Math.max(0, Math.min(1, (atMs - from) / SPARK_MS)) * width).toFixed(1);
    const y = (value: number): string => ((1 - (value - low) / (high - low)) * height).toFixed(1);
    const [first, ...later] = seen;
    if (first === undefined) return '';
    const steps = later.map(({ atMs, value }) => `H${x(atMs)}V${y(value)}`);
    return `M${x(first.atMs)} ${y(first.value)}${steps.join('')}H${width.toFixed(1)}`;
  }
}

/** Values within 0..1 use the range 0..1, other values their own minimum and maximum. */
function rangeOf(samples: readonly Sample[]): { readonly low: number; readonly high: number } {
  const values = samples.map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low >= 0 && high <= 1) return { low: 0, high: 1 };
  return low === high ? { low: low - 1, high: high + 1 } : { low, high };
}
