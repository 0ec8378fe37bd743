import { addressSegments, notText, segmentsFault } from './address.js';
import { ClaspError, ErrorCode } from './errors.js';
import type { StepCounter } from './step-counter.js';

declare const brand: unique symbol;

/** A pattern that {@link parsePattern} accepted. Only that function creates one. */
export type Pattern = string & { readonly [brand]: 'Pattern' };

/**
 * Parses a pattern (wire.md 9.2): an address with wildcards. `*` matches one segment, `**` matches zero or more
 * segments, and `*` inside a segment matches any characters of that segment. All other characters are literal.
 *
 * @throws ClaspError 202 with the pattern
 */
export function parsePattern(text: string): Pattern {
  if (typeof text !== 'string') throw notText('pattern', text);
  const fault = segmentsFault(text);
  if (fault !== undefined) {
    throw new ClaspError(ErrorCode.PatternError, `invalid pattern: ${fault}`, { address: text });
  }
  return text as Pattern; // invariant: checked above
}

/** Returns whether a pattern is a plain address, for which a map look-up is enough. */
export function isLiteral(pattern: string): boolean {
  return !pattern.includes('*');
}

/** Returns whether the pattern matches the address. Delivery, snapshots, QUERY and scopes all use this definition. */
export function matchPattern(pattern: string, address: string): boolean {
  return matchSegments(addressSegments(pattern), addressSegments(address));
}

/**
 * Matches lists of segments. Greedy, with one backtracking point: after a later `**`, an earlier one never needs to
 * release segments. The work is at most pattern × address, also for hostile patterns.
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
 * Returns the steps of {@link matchSegment}. Without a partial `*` it is one step. A `*` among other characters adds
 * steps by the length of the pattern. A second `*` adds steps by the length of the segment, because the text between
 * the two is searched for.
 */
export function segmentSteps(pattern: string, segment: string): number {
  if (pattern.length === 1) return 1;
  const first = pattern.indexOf('*');
  if (first < 0) return 1;
  const searched = pattern.includes('*', first + 1) ? segment.length : 0;
  return 1 + ((pattern.length + searched) >> 3);
}

/**
 * Returns whether one segment of a pattern (not `**`) matches one segment of an address. Each part between two `*` is
 * searched for once, after the end of the previous match. Taking the first match never prevents a later one, so the
 * work is linear in the length, not quadratic.
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
