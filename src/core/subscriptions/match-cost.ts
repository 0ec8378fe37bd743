import { MAX_SEGMENTS } from '../../protocol/limits.js';
import { isLiteral, type Pattern } from '../../protocol/pattern.js';
import { Prefix } from './pattern-prefix.js';
import { patternSegments } from './pattern-trie.js';

/**
 * Worst-case matching cost of a set of patterns for a write to an uncached address. Patterns with different names
 * before their first wildcard never match one address. The cost is therefore that of the heaviest chain of such
 * prefixes, each a prefix of the next.
 *
 * {@link PatternTrie.matches} takes at most {@link BASE_STEPS} steps plus the {@link heaviest} weight.
 */
export class MatchCosts {
  readonly #root = new Prefix();
  /** How often each pattern with a weight was added. The trie stores it once. */
  readonly #counts = new Map<Pattern, number>();

  /** The maximum sum of weights that one address can meet. */
  get heaviest(): number {
    return this.#root.own + this.#root.below;
  }

  add(pattern: Pattern): void {
    const weight = patternWeight(pattern);
    if (weight === 0) return;
    const count = this.#counts.get(pattern) ?? 0;
    this.#counts.set(pattern, count + 1);
    if (count > 0) return;
    let prefix = this.#root;
    for (const name of literalPrefix(pattern)) prefix = prefix.child(name);
    prefix.change(weight);
  }

  remove(pattern: Pattern): void {
    const count = this.#counts.get(pattern);
    if (count === undefined) return;
    if (count > 1) {
      this.#counts.set(pattern, count - 1);
      return;
    }
    this.#counts.delete(pattern);
    this.#deepest(pattern).prefix.change(-patternWeight(pattern));
  }

  /** Returns {@link heaviest}, for the addresses that a pattern matches, if the pattern were added. */
  heaviestWith(pattern: Pattern): number {
    const { prefix, sum, isWhole } = this.#deepest(pattern);
    const added = this.#counts.has(pattern) ? 0 : patternWeight(pattern);
    return sum + added + (isWhole ? prefix.below : 0);
  }

  /** Follows the names before the first wildcard as far as they are known. */
  #deepest(pattern: Pattern): { readonly prefix: Prefix; readonly sum: number; readonly isWhole: boolean } {
    let prefix = this.#root;
    let sum = prefix.own;
    for (const name of literalPrefix(pattern)) {
      const next = prefix.get(name);
      if (next === undefined) return { prefix, sum, isWhole: false };
      prefix = next;
      sum += prefix.own;
    }
    return { prefix, sum, isWhole: true };
  }
}

/** Steps of any match: the names before wildcards, and a `**` after each of them with a name behind it. */
export const BASE_STEPS = 2 * MAX_SEGMENTS * (MAX_SEGMENTS + 1);

/**
 * Returns an upper bound of the steps that a pattern adds to a match. Common parts have no weight, because the trie
 * stores them once: names, a wildcard at the end, and a `**` in the middle with one name behind it. Every other segment
 * after such a `**` can be visited once per segment of an address.
 */
export function patternWeight(pattern: Pattern): number {
  if (isLiteral(pattern)) return 0;
  const segments = patternSegments(pattern);
  if (segments.at(-1) === '**') segments.pop();
  const first = segments.findIndex((segment) => segment.includes('*'));
  if (first < 0) return 0;
  if (first === segments.length - 1 && segments[first] === '*') return 0;
  const globstar = segments.indexOf('**');
  if (globstar < 0) return segments.slice(first).reduce((sum, segment) => sum + nodeSteps(segment, 1), 0);
  const behind = segments.slice(globstar + 1);
  if (globstar === first && behind.length === 1 && isLiteral(behind[0]!)) return 0;
  const before = segments.slice(first, globstar).reduce((sum, segment) => sum + nodeSteps(segment, 1), 0);
  return behind.reduce((sum, segment) => sum + nodeSteps(segment, MAX_SEGMENTS), before + MAX_SEGMENTS);
}

/** Steps of a node that is visited at `times` segments of an address, which has at most 1,024 bytes. */
function nodeSteps(segment: string, times: number): number {
  if (!segment.includes('*') || segment === '*' || segment === '**') return times;
  return times * (3 + (segment.length >> 3)) + 128;
}

/** Whether an address can match both patterns: the names before the wildcards of one are a prefix of the other's. */
export function prefixesMeet(one: Pattern, other: Pattern): boolean {
  const names = literalPrefix(one);
  const others = literalPrefix(other);
  const length = Math.min(names.length, others.length);
  for (let i = 0; i < length; i++) if (names[i] !== others[i]) return false;
  return true;
}

function literalPrefix(pattern: Pattern): string[] {
  const segments = patternSegments(pattern);
  const first = segments.findIndex((segment) => segment.includes('*'));
  return first < 0 ? segments : segments.slice(0, first);
}
