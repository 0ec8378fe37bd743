import type { Slice } from './slice.js';

/** Work of one kind with a due time. */
export interface DueWork {
  /** When the first item is due; Infinity = never. It stays in the past until all due items are done. */
  readonly dueMicros: number;
  /** Does due work, earliest first, until none remains or the slice ends. */
  runDue(nowMicros: number, slice: Slice): void;
}

/**
 * Does due work of all kinds within about `maxSteps`. Each kind with due work gets an equal share. Unused steps go to
 * the other kinds in their order. One piece of work, such as a bundle, can exceed a share.
 *
 * @returns whether due work remains for the next turn
 */
export function runDueWork(works: readonly DueWork[], nowMicros: number, slice: Slice, maxSteps: number): boolean {
  const due = works.filter(({ dueMicros }) => dueMicros <= nowMicros);
  const share = Math.floor(maxSteps / due.length);
  let left = maxSteps;
  let isLeft = false;
  for (const work of due) {
    work.runDue(nowMicros, slice.begin(share));
    left -= share - slice.left;
  }
  for (const work of due) {
    if (work.dueMicros > nowMicros) continue;
    if (left > 0) {
      work.runDue(nowMicros, slice.begin(left));
      left = slice.left;
    }
    isLeft ||= work.dueMicros <= nowMicros;
  }
  return isLeft;
}
