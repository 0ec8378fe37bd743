/**
 * How far a value has come when `t` of a keyframe's segment has passed (wire.md 7.8).
 *
 * @param name `linear`, `ease-in`, `ease-out`, `ease-in-out`, `step` or `cubic-bezier`; any other is linear
 * @param t 0..1; what lies outside counts as the nearer end, NaN as 0
 * @param bezier x1, y1, x2, y2 of `cubic-bezier` as in CSS, each x in 0..1; linear without four such numbers
 * @returns exactly 0 at 0 and exactly 1 at 1. Between them 0..1, except that a `cubic-bezier` overshoots where its y1 or
 * y2 asks for it
 */
export function ease(name: string, t: number, bezier?: readonly number[]): number {
  if (!(t > 0)) return 0;
  if (t >= 1) return 1;
  switch (name) {
    case 'ease-in':
      return t * t;
    case 'ease-out':
      return 1 - (1 - t) ** 2;
    case 'ease-in-out':
      return t < 0.5 ? 2 * t * t : 1 - (2 - 2 * t) ** 2 / 2;
    case 'step':
      return 0;
    case 'cubic-bezier':
      return cubicBezier(t, bezier);
    default:
      return t;
  }
}

function cubicBezier(t: number, bezier: readonly number[] = []): number {
  const [x1 = NaN, y1 = NaN, x2 = NaN, y2 = NaN] = bezier;
  // With an x outside 0..1 the curve turns back in time and has several values at once; CSS refuses it too.
  if (!(x1 >= 0 && x1 <= 1 && x2 >= 0 && x2 <= 1)) return t;
  const eased = coordinate(y1, y2, parameterAt(x1, x2, t));
  return Number.isFinite(eased) ? eased : t;
}

/** One coordinate, at `s` of the way along it, of the curve from 0 to 1 with the controls `a` and `b`. */
function coordinate(a: number, b: number, s: number): number {
  return (((1 + 3 * a - 3 * b) * s + 3 * b - 6 * a) * s + 3 * a) * s;
}

function slope(a: number, b: number, s: number): number {
  return (3 * (1 + 3 * a - 3 * b) * s + 2 * (3 * b - 6 * a)) * s + 3 * a;
}

const TOLERANCE = 1e-12;
const NEWTON_ROUNDS = 8;
/** Halves 0..1 down to what a double can tell apart. */
const BISECTION_ROUNDS = 53;

/** The place 0..1 along the curve where its x is `t`. */
function parameterAt(x1: number, x2: number, t: number): number {
  let s = t;
  for (let round = 0; round < NEWTON_ROUNDS; round++) {
    const miss = coordinate(x1, x2, s) - t;
    if (Math.abs(miss) < TOLERANCE) return s;
    s -= miss / slope(x1, x2, s);
    if (!(s >= 0 && s <= 1)) break; // a flat stretch threw it off; outside 0..1 lie roots of other curves
  }
  return bisected(x1, x2, t);
}

/** Slower, and sure to arrive: x only rises. */
function bisected(x1: number, x2: number, t: number): number {
  let low = 0;
  let high = 1;
  for (let round = 0; round < BISECTION_ROUNDS; round++) {
    const middle = (low + high) / 2;
    if (coordinate(x1, x2, middle) < t) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
