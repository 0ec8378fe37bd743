import { addressSegments } from './address.js';
import { isLiteral, matchSegment, matchSegments, type Pattern, segmentSteps } from './pattern.js';
import { StepCounter } from './step-counter.js';

/** Steps of one comparison, about 1 ms; what people write takes some dozens. */
export const MAX_COVER_STEPS = 50_000;

/**
 * Whether every address that `inner` matches is one that `outer` matches (router.md 4.3).
 *
 * It is decided by walking `inner` with, for each of its wildcards, a text that no pattern contains. If `outer` takes that
 * text, it takes it by a wildcard of its own, and would take any other in its place: so one walk speaks for all addresses.
 * A `**` stands for any number of segments, and each of these numbers has to do.
 *
 * Exact, except for pairs that take more than `maxSteps` steps, which occur only in hostile patterns: for those the answer is `false`.
 *
 * @param counter counts the comparisons of segments and the states
 * @param maxSteps steps after which the comparison ends, plus one state
 */
export function patternCovers(
  outer: Pattern,
  inner: Pattern,
  counter: StepCounter = new StepCounter(),
  maxSteps: number = MAX_COVER_STEPS,
): boolean {
  const lastStep = counter.steps + maxSteps;
  const places = withoutRuns(addressSegments(outer));
  if (isLiteral(inner)) return matchSegments(places, addressSegments(inner), counter); // the one address it matches
  const walk = withoutRuns(addressSegments(inner)).map((segment) =>
    segment === '**' ? segment : segment.replaceAll('*', ANYTHING),
  );
  const seen = new Set<string>();
  const pending: State[] = [];
  /** Looks at a state later. @returns false when there are too many */
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

/** A run of `**` means what one `**` means. */
function withoutRuns(segments: readonly string[]): readonly string[] {
  return segments.filter((segment, i) => segment !== '**' || segments[i - 1] !== '**');
}

/** What no segment can contain, since it parts them. */
const ANYTHING = '/';

/** Where in the outer pattern one can be: the numbers of the segments that come next, rising; their count for its end. */
type Places = readonly number[];

interface State {
  /** The segment of the inner pattern that comes next. */
  readonly at: number;
  readonly reached: Places;
  /** Whether there is no segment so far: an address has at least one, so that this alone is none. */
  readonly isEmpty: boolean;
}

/** Where one can be after a segment. */
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

/** A `**` may be passed without a segment. */
function withoutTaking(places: readonly string[], reached: readonly number[]): Places {
  const all = new Set(reached);
  for (const place of all) if (places[place] === '**') all.add(place + 1); // a Set's walk meets what is added to it
  return [...all].sort((a, b) => a - b);
}
