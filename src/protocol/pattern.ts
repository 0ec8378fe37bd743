import { addressSegments, notText, segmentsFault } from './address.js';
import { ClaspError, ErrorCode } from './errors.js';
import type { StepCounter } from './step-counter.js';

declare const brand: unique symbol;

/** A pattern that passed {@link parsePattern}: the one way to make one. */
export type Pattern = string & { readonly [brand]: 'Pattern' };

/**
 * Takes a text as a pattern (wire.md 9.2): an address whose segments may be `*` (one segment), `**` (zero or more
 * segments) or contain `*` (any characters of that one segment). Everything else is literal.
 *
 * @throws ClaspError 202 with the pattern
 */
export function parsePattern(text: string): Pattern {
  if (typeof text !== 'string') throw notText('pattern', text);
  const fault = segmentsFault(text);
  if (fault !== undefined) {
    throw new ClaspError(ErrorCode.PatternError, `invalid pattern: ${fault}`, { address: text });
  }
  return text as Pattern; // checked above: this is where the brand is made
}

/** Whether a pattern is a plain address, so that a map look-up answers it. */
export function isLiteral(pattern: string): boolean {
  return !pattern.includes('*');
}

/** Whether the pattern matches the address. The one meaning used for delivery, snapshots, QUERY and scopes. */
export function matchPattern(pattern: string, address: string): boolean {
  return matchSegments(addressSegments(pattern), addressSegments(address));
}

/**
 * Matches segment lists. Greedy with one point of return: after a later `**` an earlier one never needs to give back,
 * so the work is at most pattern × address, whatever a hostile pattern looks like.
 *
 * @param counter counts each comparison of two segments
 */
export function matchSegments(pattern: readonly string[], address: readonly string[], counter?: StepCounter): boolean {
  let p = 0;
  let a = 0;
  let globstar = -1;
  let resume = 0;
  while (a < address.length) {
    const segment = p < pattern.length ? pattern[p]! : undefined;
    if (counter !== undefined) counter.steps += segment === undefined ? 1 : segmentSteps(segment, address[a]!);
    if (segment === '**') {
      globstar = p++;
      resume = a;
    } else if (segment !== undefined && matchSegment(segment, address[a]!)) {
      p++;
      a++;
    } else if (globstar >= 0) {
      p = globstar + 1;
      a = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.length && pattern[p] === '**') p++;
  return p === pattern.length;
}

/**
 * Steps that {@link matchSegment} takes: one, and for a `*` among other characters more: by the length of the pattern, and with a
 * second `*` by that of the segment too, because the text between the two is searched for.
 */
export function segmentSteps(pattern: string, segment: string): number {
  if (pattern.length === 1) return 1;
  const first = pattern.indexOf('*');
  if (first < 0) return 1;
  const searched = pattern.includes('*', first + 1) ? segment.length : 0;
  return 1 + ((pattern.length + searched) >> 3);
}

/**
 * Whether one segment of a pattern (not `**`) matches one segment of an address. What stands between two `*` is looked for once, from
 * where the last was found: taking the first place there is never spoils a later one, so the work grows with the text and not with
 * its square.
 */
export function matchSegment(pattern: string, segment: string): boolean {
  if (pattern === '*' || pattern === segment) return true;
  const first = pattern.indexOf('*');
  if (first < 0) return false;
  const last = pattern.lastIndexOf('*');
  const end = segment.length - (pattern.length - last - 1);
  if (end < first || !segment.startsWith(pattern.slice(0, first)) || !segment.endsWith(pattern.slice(last + 1))) {
    return false;
  }
  let at = first;
  for (let from = first + 1; from <= last;) {
    const to = pattern.indexOf('*', from);
    const found = segment.indexOf(pattern.slice(from, to), at);
    if (found < 0 || found + to - from > end) return false;
    at = found + to - from;
    from = to + 1;
  }
  return true;
}
