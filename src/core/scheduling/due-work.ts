import type { Slice } from './slice.js';

/** Work of one kind that has its time. */
export interface DueWork {
  /** When the first of it is due; Infinity when never. It stays in the past until all that is due is done. */
  readonly dueMicros: number;
  /** Does what is due, the earliest first, until that is all or the slice is over. */
  runDue(nowMicros: number, slice: Slice): void;
}

/**
 * Does what is due, of all kinds, within about `maxSteps`: each kind of which something is due has an equal share, and what some leave of
 * theirs goes to the others in their order. A share may be passed by one piece of work, such as a bundle.
 *
 * @returns whether something that is due is left for the next turn
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
