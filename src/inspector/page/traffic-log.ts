import type { FeedMessage, TrafficLine } from '../feed.js';

export type TrafficMessage = Extract<FeedMessage, { readonly type: 'traffic' }>;

/** Maximum lines: enough to scroll back, few enough to filter at once. */
export const MAX_LINES = 2_000;

/** All kinds of lines. */
export const trafficKinds = ['set', 'event', 'stream', 'gesture', 'timeline', 'bundle'] as const;

/** The most recent messages. */
export class TrafficLog {
  #lines: TrafficLine[] = [];
  #held: readonly TrafficLine[] | undefined;
  #newer = 0;
  readonly #rate = new Rate();

  /** Removes all lines, and resumes if the log was paused. */
  clear(): void {
    this.#lines = [];
    this.#newer = 0;
    if (this.#held !== undefined) this.#held = [];
  }

  apply({ seen, lines }: TrafficMessage, nowMs: number): void {
    this.#rate.add(nowMs, seen, lines.length);
    this.#lines.push(...lines);
    if (this.#lines.length > MAX_LINES) this.#lines.splice(0, this.#lines.length - MAX_LINES);
    if (this.#held !== undefined) this.#newer += lines.length;
  }

  /** Pauses or resumes the visible lines. New lines are stored meanwhile. */
  hold(isHeld: boolean): void {
    this.#held = isHeld ? (this.#held ?? [...this.#lines]) : undefined;
    this.#newer = 0;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Number of lines that arrived since the pause. */
  get newer(): number {
    return this.#newer;
  }

  /** Returns the messages and lines of the last second. */
  rate(nowMs: number): { readonly seen: number; readonly shown: number } {
    return this.#rate.at(nowMs);
  }

  /** @param kinds kinds to return; empty means all */
  lines(kinds: ReadonlySet<string>): readonly TrafficLine[] {
    const lines = this.#held ?? this.#lines;
    return kinds.size === 0 ? lines : lines.filter(({ kind }) => kinds.has(kind));
  }
}

class Rate {
  #entries: { readonly atMs: number; readonly seen: number; readonly shown: number }[] = [];

  add(atMs: number, seen: number, shown: number): void {
    this.#entries.push({ atMs, seen, shown });
    this.#forget(atMs);
  }

  at(nowMs: number): { readonly seen: number; readonly shown: number } {
    this.#forget(nowMs);
    let [seen, shown] = [0, 0];
    for (const entry of this.#entries) {
      seen += entry.seen;
      shown += entry.shown;
    }
    return { seen, shown };
  }

  #forget(nowMs: number): void {
    this.#entries = this.#entries.filter(({ atMs }) => atMs > nowMs - 1_000);
  }
}
