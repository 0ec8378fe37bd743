import { describe, expect, it } from '@jest/globals';
import { MalformedLimit } from '../../../src/core/sessions/malformed-limit.js';

const SECOND = 1_000_000;

describe('the limit of undecodable frames', () => {
  it('causes one reply per second, and closes the session above its limit per minute', () => {
    const limit = new MalformedLimit();
    expect([0, 1, SECOND, SECOND + 1].map((at) => limit.judge(at, 4))).toEqual(['reply', 'ignore', 'reply', 'ignore']);
    expect(limit.judge(2 * SECOND, 4)).toBe('close');
  });

  it('starts again after a minute', () => {
    const limit = new MalformedLimit();
    for (let i = 0; i < 4; i++) limit.judge(i, 4);
    expect(limit.judge(61 * SECOND, 4)).toBe('reply');
  });
});
