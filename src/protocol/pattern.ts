import { addressSegments, segmentsFault } from './address.js';
import { ClaspError, ErrorCode } from './errors.js';

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
 */
export function matchSegments(pattern: readonly string[], address: readonly string[]): boolean {
  let p = 0;
  let a = 0;
  let globstar = -1;
  let resume = 0;
  while (a < address.length) {
    const segment = p < pattern.length ? pattern[p]! : undefined;
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

/** Whether one segment of a pattern (not `**`) matches one segment of an address. */
export function matchSegment(pattern: string, segment: string): boolean {
  if (pattern === '*' || pattern === segment) return true;
  if (!pattern.includes('*')) return false;
  let p = 0;
  let s = 0;
  let star = -1;
  let resume = 0;
  while (s < segment.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      resume = s;
    } else if (p < pattern.length && pattern[p] === segment[s]) {
      p++;
      s++;
    } else if (star >= 0) {
      p = star + 1;
      s = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.length && pattern[p] === '*') p++;
  return p === pattern.length;
}
