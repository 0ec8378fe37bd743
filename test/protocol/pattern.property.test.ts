import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isLiteral, matchPattern, parsePattern } from '../../src/protocol/pattern.js';

/** A few similar segments, so that many random pairs match. */
const addressSegment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'ab', 'aba') },
  { weight: 1, arbitrary: fc.constantFrom('zone1', '💡', '[a]', 'a.b') },
);
const patternSegment = fc.oneof(
  addressSegment,
  fc.constantFrom('*', '**', 'a*', '*b', 'a*b', '*a*'),
  fc.constantFrom('**', 'a**', '*a*a*', 'zone*', '***', '*💡', '.*', '(a|b)*'),
  fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 6 }),
);

/** The last segment may be empty: a trailing slash. */
function joinedSegments(segment: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.array(segment, { maxLength }),
      fc.oneof({ weight: 3, arbitrary: segment }, { weight: 1, arbitrary: fc.constant('') }),
    )
    .map(([segments, last]) => `/${[...segments, last].join('/')}`);
}

describe('matchPattern', () => {
  it('agrees with a matcher that tries all possibilities', () => {
    let matches = 0;
    fc.assert(
      fc.property(joinedSegments(patternSegment, 2), joinedSegments(addressSegment, 2), (pattern, address) => {
        const expected = naiveMatch(segments(pattern), segments(address));
        if (expected) matches++;
        expect(matchPattern(parsePattern(pattern), address)).toBe(expected);
      }),
      { numRuns: 10_000 },
    );
    expect(matches).toBeGreaterThan(100); // about 800 match; without matches the property would prove nothing
  });

  it('agrees with it on patterns derived from the tested address', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(addressSegment, fc.nat(9)), { minLength: 1, maxLength: 5 }), (parts) => {
        const pattern = `/${parts.flatMap(([part, die]) => loosened(part, die)).join('/')}`;
        const address = `/${parts.map(([part]) => part).join('/')}`;
        expect(matchPattern(parsePattern(pattern), address)).toBe(naiveMatch(segments(pattern), segments(address)));
      }),
      { numRuns: 5_000 },
    );
  });

  it('matches an address with itself as a literal', () => {
    fc.assert(
      fc.property(joinedSegments(addressSegment, 5), (address) => {
        expect(isLiteral(address)).toBe(true);
        expect(matchPattern(address, address)).toBe(true);
        expect(matchPattern('/**', address)).toBe(true);
      }),
    );
  });
});

/** Returns a pattern segment that usually still matches `part`. */
function loosened(part: string, die: number): readonly string[] {
  switch (die) {
    case 0:
      return ['*'];
    case 1:
      return ['**'];
    case 2:
      return ['**', part];
    case 3:
      return [`${part}*`];
    case 4:
      return [`*${part}`];
    case 5:
      return [`${Array.from(part).at(0)}*${Array.from(part).at(-1)}`]; // does not match a single character
    case 6:
      return [part, '**'];
    default:
      return [part];
  }
}

function segments(text: string): readonly string[] {
  return text.slice(1).split('/');
}

/** A literal implementation of wire.md 9.2. Exponential, so suitable for short patterns only. */
function naiveMatch(pattern: readonly string[], address: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return address.length === 0;
  if (first === '**') {
    return Array.from({ length: address.length + 1 }, (_, taken) => address.slice(taken)).some((left) =>
      naiveMatch(rest, left),
    );
  }
  const [segment, ...left] = address;
  return segment !== undefined && naiveSegment(Array.from(first), Array.from(segment)) && naiveMatch(rest, left);
}

function naiveSegment(pattern: readonly string[], segment: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return segment.length === 0;
  if (first === '*')
    return naiveSegment(rest, segment) || (segment.length > 0 && naiveSegment(pattern, segment.slice(1)));
  return segment[0] === first && naiveSegment(rest, segment.slice(1));
}
