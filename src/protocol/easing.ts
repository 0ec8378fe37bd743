/**
 * Returns the eased progress at `t` of a keyframe's segment (wire.md 7.8).
 *
 * @param name `linear`, `ease-in`, `ease-out`, `ease-in-out`, `step` or `cubic-bezier`; other names are linear
 * @param t 0..1; values outside are clamped, NaN is 0
 * @param bezier x1, y1, x2, y2 of `cubic-bezier` as in CSS, each x in 0..1; linear without four such numbers
 * @returns exactly 0 at 0 and exactly 1 at 1. Between them 0..1, except that a `cubic-bezier` overshoots if its y1 or
 * y2 causes that
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
  // With an x outside 0..1 the curve is not a function of time: it has several values at once. CSS rejects it too.
  if (!(x1 >= 0 && x1 <= 1 && x2 >= 0 && x2 <= 1)) return t;
  const eased = coordinate(y1, y2, parameterAt(x1, x2, t));
  return Number.isFinite(eased) ? eased : t;
}

/** Returns one coordinate at `s` of the curve from 0 to 1 with the control points `a` and `b`. */
function coordinate(a: number, b: number, s: number): number {
  return (((1 + 3 * a - 3 * b) * s + 3 * b - 6 * a) * s + 3 * a) * s;
}

function slope(a: number, b: number, s: number): number {
  return (3 * (1 + 3 * a - 3 * b) * s + 2 * (3 * b - 6 * a)) * s + 3 * a;
}

const TOLERANCE = 1e-12;
const NEWTON_ROUNDS = 8;
/** Bisections of 0..1 until doubles cannot distinguish the halves. */
const BISECTION_ROUNDS = 53;

/** Returns the curve parameter 0..1 at which x is `t`. */
function parameterAt(x1: number, x2: number, t: number): number {
  let s = t;
  for (let round = 0; round < NEWTON_ROUNDS; round++) {
    const miss = coordinate(x1, x2, s) - t;
    if (Math.abs(miss) < TOLERANCE) return s;
    s -= miss / slope(x1, x2, s);
    if (!(s >= 0 && s <= 1)) break; // a flat part of the curve diverted it; roots outside 0..1 belong to other curves
  }
  return bisected(x1, x2, t);
}

/** Slower than Newton's method, but always converges: x only increases. */
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
