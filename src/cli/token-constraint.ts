import type { Constraint } from '../core/ports.js';
import { ClaspError } from '../protocol/errors.js';
import { parsePattern, type Pattern } from '../protocol/pattern.js';
import { UsageError } from './settings.js';

const EXAMPLE = '"/lights/**:range=0..1,rate=30"';
const NUMBER = String.raw`-?\d+(?:\.\d+)?(?:e[-+]?\d+)?`;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})$`);
const RATE = new RegExp(`^${NUMBER}$`);

/**
 * Bounds on writes as people write them: `/lights/**:range=0..1,rate=30`, either bound or both. What stands in front of the last
 * colon is the pattern, which may have colons of its own.
 *
 * @throws UsageError that quotes it
 */
export function parseConstraint(text: string): Constraint {
  const invalid = (fault: string): UsageError => new UsageError(`--constraint "${text}": ${fault}`);
  const colon = text.lastIndexOf(':');
  if (colon < 0) throw invalid(`it is no pattern with bounds such as ${EXAMPLE}`);
  const pattern = patternOf(text.slice(0, colon), invalid);
  let range: [number, number] | undefined;
  let maxRate: number | undefined;
  for (const bound of text.slice(colon + 1).split(',')) {
    const [, name = bound.trim(), value = ''] = /^\s*(\w+)\s*=(.*)$/.exec(bound) ?? [];
    switch (name) {
      case 'range':
        if (range !== undefined) throw invalid('it has two ranges; two of --constraint can be given');
        range = rangeOf(value.trim(), invalid);
        break;
      case 'rate':
        if (maxRate !== undefined) throw invalid('it has two rates; two of --constraint can be given');
        maxRate = rateOf(value.trim(), invalid);
        break;
      default:
        throw invalid(`"${name}" is neither range nor rate, such as in ${EXAMPLE}`);
    }
  }
  return { pattern, ...(range !== undefined && { range }), ...(maxRate !== undefined && { maxRate }) };
}

/** As {@link parseConstraint} takes it. */
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
  if (!range.every(Number.isFinite)) throw invalid('its range is no least and greatest number such as 0..1');
  if (range[0] > range[1]) throw invalid(`its range begins with the greater number; write ${max}..${min}`);
  return range;
}

function rateOf(text: string, invalid: Invalid): number {
  const rate = RATE.test(text) ? Number(text) : NaN;
  if (rate > 0 && Number.isFinite(rate)) return rate;
  throw invalid('its rate is no number of writes a second above 0, such as 30');
}
