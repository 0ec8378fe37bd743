import type { Clock } from '../../clock.js';

/** Milliseconds from one line about a hook to the next. */
const FAULT_INTERVAL_MS = 1_000;

/** A hook that throws does so for every message, and a peer can send many: a line a second for each, with the number of those left out. */
export function thinned(
  clock: Clock,
  report: (fault: unknown, hook: string, more: number) => void,
): (fault: unknown, hook: string) => void {
  const hooks = new Map<string, { atMs: number; leftOut: number }>();
  return (fault, hook) => {
    const last = hooks.get(hook);
    const nowMs = clock.now();
    if (last !== undefined && nowMs - last.atMs < FAULT_INTERVAL_MS) {
      last.leftOut++;
      return;
    }
    hooks.set(hook, { atMs: nowMs, leftOut: 0 });
    report(fault, hook, last?.leftOut ?? 0);
  };
}
