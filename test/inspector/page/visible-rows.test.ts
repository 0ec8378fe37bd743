import { describe, expect, it } from '@jest/globals';
import { movedBy, scrollFor, visibleRows } from '../../../src/inspector/page/visible-rows.js';

describe('the visible rows', () => {
  it.each([
    ['at the top', 0, 400, 40, 1_000, { first: 0, end: 16 }],
    ['in the middle', 4_000, 400, 40, 1_000, { first: 94, end: 116 }],
    ['at the end', 39_600, 400, 40, 1_000, { first: 984, end: 1_000 }],
    ['of a short list', 0, 400, 40, 3, { first: 0, end: 3 }],
    ['of none', 0, 400, 40, 0, { first: 0, end: 0 }],
    ['after the list has shrunk', 4_000, 400, 40, 10, { first: 10, end: 10 }],
  ])('%s', (_, top, height, row, count, window) => {
    expect(visibleRows(top, height, row, count)).toEqual(window);
  });

  it.each([
    [5, 0, 0],
    [20, 0, 440],
    [2, 200, 80],
  ])('scroll to row %d from %d leads to %d', (row, from, to) => {
    expect(scrollFor(row, from, 400, 40)).toBe(to);
  });
});

describe('keys in a list', () => {
  it.each([
    ['j', -1, 0],
    ['ArrowDown', 3, 4],
    ['ArrowDown', 9, 9],
    ['k', -1, 0],
    ['ArrowUp', 0, 0],
    ['PageDown', 3, 7],
    ['PageUp', 3, 0],
    ['Home', 5, 0],
    ['End', 0, 9],
    ['x', 3, undefined],
  ])('%s at row %d leads to %p', (key, row, to) => {
    expect(movedBy(key, row, 10, 4)).toBe(to);
  });

  it('have no effect in an empty list', () => expect(movedBy('j', -1, 0, 4)).toBeUndefined());
});
