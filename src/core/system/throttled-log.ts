import type { Clock } from '../../util/clock.js';

/** Milliseconds from one line of a kind to the next. */
const INTERVAL_MS = 1_000;

/**
 * Limits log lines that a peer can cause with each of its messages: one line per second and kind, with the number of those left out.
 * A hook that throws is such a kind.
 */
export function throttledLog<T>(
  clock: Clock,
  report: (subject: T, kind: string, more: number) => void,
): (subject: T, kind: string) => void {
  const kinds = new Map<string, { atMs: number; leftOut: number }>();
  return (subject, kind) => {
    const last = kinds.get(kind);
    const nowMs = clock.now();
    if (last !== undefined && nowMs - last.atMs < INTERVAL_MS) {
      last.leftOut++;
      return;
    }
    kinds.set(kind, { atMs: nowMs, leftOut: 0 });
    report(subject, kind, last?.leftOut ?? 0);
  };
}
