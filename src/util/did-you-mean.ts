/** Letters between a name and the one that was meant; what is further away is a guess. */
const MAX_LETTERS = 2;

/**
 * The known name that was probably meant: the nearest, at most two letters away, upper and lower case being the same. Of several
 * as near the first.
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

/** How many letters have to be put in, taken out or changed (Levenshtein). */
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
