import { describe, expect, it } from '@jest/globals';
import { defaultMemoryBytes } from '../../src/router/machine-memory.js';

const GIB = 2 ** 30;

describe('defaultMemoryBytes', () => {
  it.each([
    ['a quarter of the machine', { total: 8 * GIB, container: 0, heap: 8 * GIB }, 2 * GIB],
    ['a quarter of the container', { total: 64 * GIB, container: 2 * GIB, heap: 4 * GIB }, GIB / 2],
    ['a quarter of the machine without a container limit', { total: GIB, container: 2 ** 60, heap: GIB }, GIB / 4],
    ['half of the JavaScript heap where that is less', { total: 64 * GIB, container: 0, heap: 2 * GIB }, GIB],
  ])('is %s', (_, machine, expected) => {
    expect(defaultMemoryBytes(machine)).toBe(expected);
  });

  it('is above 0 on this machine', () => {
    expect(defaultMemoryBytes()).toBeGreaterThan(16 * 2 ** 20);
  });
});
