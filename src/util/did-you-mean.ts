/** Maximum edit distance of a suggestion. */
const MAX_LETTERS = 2;

/**
 * Returns the known name with the smallest edit distance, at most two letters, ignoring case. Of several, the first.
 */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = MAX_LETTERS + 1;
  for (const one of known) {
    const letters = distance(one.toLowerCase(), name.toLowerCase());
    if (letters >= least) continue;
    nearest = one;
    least = letters;
  }
  return nearest;
}

/** Edit distance of two strings (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++) {
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (from[i] === to[j] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length]!;
}
