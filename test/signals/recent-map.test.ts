import { describe, expect, it } from '@jest/globals';
import { RecentMap } from '../../src/signals/recent-map.js';

describe('RecentMap', () => {
  it('never exceeds its limit', () => {
    const map = new RecentMap<number>(100);
    for (let i = 0; i < 10_000; i++) {
      map.set(`/hostile/${i}`, i);
      map.get(`/hostile/${i - 75}`);
      expect(map.size).toBeLessThanOrEqual(100);
    }
    expect(map.size).toBeGreaterThanOrEqual(50);
  });

  it('keeps repeatedly used entries through a flood of entries that are used once', () => {
    const map = new RecentMap<number>(100);
    map.set('/daily', 7);
    for (let i = 0; i < 10_000; i++) {
      map.set(`/once/${i}`, i);
      if (i % 10 === 0) expect(map.get('/daily')).toBe(7);
    }
    expect(map.get('/once/0')).toBeUndefined();
    expect(map.get('/once/9999')).toBe(9_999);
  });
});
