/** The known name that was probably meant: at most two letters away, upper and lower case being the same. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  return known.find((one) => distance(one.toLowerCase(), name.toLowerCase()) <= 2);
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
