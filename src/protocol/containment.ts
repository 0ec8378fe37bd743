import { addressSegments } from './address.js';
import { isLiteral, matchSegment, matchSegments, type Pattern, segmentSteps } from './pattern.js';
import { StepCounter } from './step-counter.js';

/** Steps per comparison, about 1 ms. Typical patterns take a few dozen. */
export const MAX_COVER_STEPS = 50_000;

/**
 * Returns whether `outer` matches every address that `inner` matches (router.md 4.3).
 *
 * The function walks `inner` and replaces each of its wildcards by a string that no pattern contains. If `outer`
 * accepts that string, a wildcard of `outer` matched it and would match any other string. One walk therefore covers all
 * addresses. A `**` represents any number of segments, and `outer` must match each of these numbers.
 *
 * Exact, except for pairs that take more than `maxSteps` steps. These occur only in hostile patterns, and the result is
 * `false`.
 *
 * @param counter counts the comparisons of segments and the states
 * @param maxSteps limit after which the comparison ends, plus one state
 */
export function patternCovers(
  outer: Pattern,
  inner: Pattern,
  counter: StepCounter = new StepCounter(),
  maxSteps: number = MAX_COVER_STEPS,
): boolean {
  const lastStep = counter.steps + maxSteps;
  const places = withoutRuns(addressSegments(outer));
  // A literal matches only itself.
  if (isLiteral(inner)) return matchSegments(places, addressSegments(inner), counter);
  const walk = withoutRuns(addressSegments(inner)).map((segment) =>
    segment === '**' ? segment : segment.replaceAll('*', ANYTHING),
  );
  const seen = new Set<string>();
  const pending: State[] = [];
  /** Queues a state. @returns false if there are too many states */
  const visit = (at: number, reached: Places, isEmpty: boolean): boolean => {
    const key = `${at}:${String(isEmpty)}:${reached.join()}`;
    if (seen.has(key)) return true;
    pending.push({ at, reached, isEmpty });
    seen.add(key);
    counter.steps += 1 + reached.length;
    return counter.steps <= lastStep;
  };

  visit(0, withoutTaking(places, [0]), true);
  for (let state = pending.pop(); state !== undefined; state = pending.pop()) {
    const { at, reached, isEmpty } = state;
    if (reached.length === 0) return false;
    const segment = walk[at];
    if (segment === undefined) {
      if (!isEmpty && reached.at(-1) !== places.length) return false;
    } else if (segment !== '**') {
      if (!visit(at + 1, after(places, reached, segment, counter), false)) return false;
    } else if (!visit(at + 1, reached, isEmpty) || !visit(at, after(places, reached, ANYTHING, counter), false)) {
      return false;
    }
  }
  return true;
}

/** Consecutive `**` are equivalent to one `**`. */
function withoutRuns(segments: readonly string[]): readonly string[] {
  return segments.filter((segment, i) => segment !== '**' || segments[i - 1] !== '**');
}

/** A string that no segment can contain, because it is the separator. */
const ANYTHING = '/';

/**
 * Possible positions in the outer pattern: indexes of the next segment, in ascending order. Its segment count is the
 * end.
 */
type Places = readonly number[];

interface State {
  /** Index of the next segment of the inner pattern. */
  readonly at: number;
  readonly reached: Places;
  /** Whether no segment was consumed yet. An address has at least one, so the empty sequence does not count. */
  readonly isEmpty: boolean;
}

/** Returns the possible positions after a segment. */
function after(places: readonly string[], reached: Places, segment: string, counter: StepCounter): Places {
  const next: number[] = [];
  for (const place of reached) {
    const wanted = places[place];
    if (wanted !== undefined) counter.steps += segmentSteps(wanted, segment);
    if (wanted === '**') next.push(place);
    else if (wanted !== undefined && matchSegment(wanted, segment)) next.push(place + 1);
  }
  return withoutTaking(places, next);
}

/** A `**` can match zero segments. */
function withoutTaking(places: readonly string[], reached: readonly number[]): Places {
  const all = new Set(reached);
  // Iteration over a Set visits elements that are added meanwhile.
  for (const place of all) if (places[place] === '**') all.add(place + 1);
  return [...all].sort((a, b) => a - b);
}
