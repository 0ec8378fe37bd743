import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../src/cli/usage-error.js';
import { formatConstraint, parseConstraint } from '../../src/cli/token-constraint.js';

const EXAMPLE = '"/lights/**:range=0..1,rate=30"';

describe('bounds on writes', () => {
  it.each([
    ['/lights/**:range=0..1,rate=30', { pattern: '/lights/**', range: [0, 1], maxRate: 30 }],
    ['/lights/**:rate=30,range=0..1', { pattern: '/lights/**', range: [0, 1], maxRate: 30 }],
    ['/a:range=-1.5..0.5', { pattern: '/a', range: [-1.5, 0.5] }],
    ['/a:range=7..7', { pattern: '/a', range: [7, 7] }],
    ['/a:range=-1e3..1e-7', { pattern: '/a', range: [-1_000, 0.000_000_1] }],
    ['/a:rate=0.5', { pattern: '/a', maxRate: 0.5 }],
    ['/osc:1/*:rate=5', { pattern: '/osc:1/*', maxRate: 5 }],
    [' /a : range = 0..1 , rate = 5 ', { pattern: '/a', range: [0, 1], maxRate: 5 }],
  ])('are read from %j', (text, constraint) => {
    expect(parseConstraint(text)).toEqual(constraint);
    expect(parseConstraint(formatConstraint(parseConstraint(text)))).toEqual(constraint);
  });

  it('are written as they are read', () => {
    expect(formatConstraint(parseConstraint('/lights/**:rate=30,range=0..1'))).toBe('/lights/**:range=0..1,rate=30');
  });

  it.each([
    ['', `it is not a pattern with bounds such as ${EXAMPLE}`],
    ['/lights/**', `it is not a pattern with bounds such as ${EXAMPLE}`],
    ['/a:', `"" is neither range nor rate, such as in ${EXAMPLE}`],
    ['/a:0..1', `"0..1" is neither range nor rate, such as in ${EXAMPLE}`],
    ['/a:range', 'its range is not a minimum and a maximum such as 0..1'],
    ['/a:Range=0..1', `"Range" is neither range nor rate, such as in ${EXAMPLE}`],
    ['/a:rate=30,', `"" is neither range nor rate, such as in ${EXAMPLE}`],
    ['/a:range=0..1,range=0..2', 'it has two ranges; repeat --constraint instead'],
    ['/a:rate=1,rate=2', 'it has two rates; repeat --constraint instead'],
    ...['0', '0..', '..1', '0-1', '0..1..2', '0..x', '0..Infinity', '0..1e999', '0...5'].map((range) => [
      `/a:range=${range}`,
      'its range is not a minimum and a maximum such as 0..1',
    ]),
    ['/a:range=1..0', 'its range starts with the maximum; write 0..1'],
    ...['', '0', '-1', 'x', '1e999', '30/s', '0x10'].map((rate) => [
      `/a:rate=${rate}`,
      'its rate is not a number of writes per second above 0, such as 30',
    ]),
    ['lights:rate=1', 'invalid pattern: it does not start with "/"'],
    ['/a//b:rate=1', 'invalid pattern: it has an empty segment'],
    [':rate=1', 'invalid pattern: it is empty'],
  ])('that are invalid cause one sentence: %j', (text, fault) => {
    expect(() => parseConstraint(text)).toThrow(new UsageError(`--constraint "${text}": ${fault}`));
  });
});
