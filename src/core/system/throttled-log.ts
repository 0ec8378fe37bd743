import type { Clock } from '../../util/clock.js';

/** Milliseconds between two lines of one kind. */
const INTERVAL_MS = 1_000;

/**
 * Throttles log lines that a peer can cause with each message, for example by a hook that throws: one line per second
 * and kind, with the number of suppressed lines.
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
