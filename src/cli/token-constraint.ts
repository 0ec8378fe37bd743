import type { Constraint } from '../core/ports.js';
import { ClaspError } from '../protocol/errors.js';
import { parsePattern, type Pattern } from '../protocol/pattern.js';
import { UsageError } from './usage-error.js';

const EXAMPLE = '"/lights/**:range=0..1,rate=30"';
const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e[-+]?\d+)?`;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})$`);
const RATE = new RegExp(`^${NUMBER}$`);

/**
 * Parses bounds on writes: `/lights/**:range=0..1,rate=30`, with one or both bounds. The pattern ends at the last colon
 * and can contain colons.
 *
 * @throws UsageError that quotes the text
 */
export function parseConstraint(text: string): Constraint {
  const invalid = (fault: string): UsageError => new UsageError(`--constraint "${text}": ${fault}`);
  const colon = text.lastIndexOf(':');
  if (colon < 0) throw invalid(`it is not a pattern with bounds such as ${EXAMPLE}`);
  const pattern = patternOf(text.slice(0, colon), invalid);
  let range: [number, number] | undefined;
  let maxRate: number | undefined;
  for (const bound of text.slice(colon + 1).split(',')) {
    const [, name = bound.trim(), value = ''] = /^\s*(\w+)\s*=(.*)$/.exec(bound) ?? [];
    switch (name) {
      case 'range':
        if (range !== undefined) throw invalid('it has two ranges; repeat --constraint instead');
        range = rangeOf(value.trim(), invalid);
        break;
      case 'rate':
        if (maxRate !== undefined) throw invalid('it has two rates; repeat --constraint instead');
        maxRate = rateOf(value.trim(), invalid);
        break;
      default:
        throw invalid(`"${name}" is neither range nor rate, such as in ${EXAMPLE}`);
    }
  }
  return { pattern, ...(range !== undefined && { range }), ...(maxRate !== undefined && { maxRate }) };
}

/** Returns the text that {@link parseConstraint} accepts. */
export function formatConstraint({ pattern, range, maxRate }: Constraint): string {
  const bounds = [
    ...(range === undefined ? [] : [`range=${range[0]}..${range[1]}`]),
    ...(maxRate === undefined ? [] : [`rate=${maxRate}`]),
  ];
  return `${pattern}:${bounds.join()}`;
}

type Invalid = (fault: string) => UsageError;

function patternOf(text: string, invalid: Invalid): Pattern {
  try {
    return parsePattern(text.trim());
  } catch (error) {
    throw error instanceof ClaspError ? invalid(error.message) : error;
  }
}

function rangeOf(text: string, invalid: Invalid): [number, number] {
  const [, min, max] = RANGE.exec(text) ?? [];
  const range: [number, number] = [Number(min), Number(max)];
  if (!range.every(Number.isFinite)) throw invalid('its range is not a minimum and a maximum such as 0..1');
  if (range[0] > range[1]) throw invalid(`its range starts with the maximum; write ${max}..${min}`);
  return range;
}

function rateOf(text: string, invalid: Invalid): number {
  const rate = RATE.test(text) ? Number(text) : NaN;
  if (rate > 0 && Number.isFinite(rate)) return rate;
  throw invalid('its rate is not a number of writes per second above 0, such as 30');
}
