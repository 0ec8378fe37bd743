import { describe, expect, it } from '@jest/globals';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

/** The `**` weighs 128, and each of the three segments after it 128. */
const weight = 512;
const pattern = (name: string): string => `/**/${name}/*/x`;

function subscribe(peer: Peer, count: number): void {
  for (let i = 0; i < count; i++) peer.subscribe(i, pattern(`${peer.id}-${i}`));
}

describe('maxMatchSteps', () => {
  it('refuses a subscription that would exceed a quarter for its owner, with the numbers', () => {
    const harness = new CoreHarness({ maxMatchSteps: 8 * weight });
    const peer = harness.join();
    peer.read();
    subscribe(peer, 2);
    expect(peer.read()).toEqual([]);
    peer.subscribe(7, pattern('one more'));
    expect(peer.read()).toMatchObject([
      {
        type: 'error',
        code: 429,
        message: 'Subscription limit reached: its patterns would take 1536 steps to match (max 1024)',
      },
    ]);
  });

  it('accepts common patterns without limit', () => {
    const harness = new CoreHarness({ maxMatchSteps: 1 });
    const peer = harness.join();
    peer.read();
    for (const [id, common] of ['/**', '/a/**', '/a/b', '/a/*', '/**/dim', '/a/**/dim/**'].entries()) {
      peer.subscribe(id, common);
    }
    expect(peer.read().filter(({ type }) => type === 'error')).toEqual([]);
  });

  it('closes the owner with the heaviest patterns if the total exceeds it', () => {
    const harness = new CoreHarness({ maxMatchSteps: 8 * weight });
    const greedy = Array.from({ length: 4 }, () => harness.join());
    for (const peer of greedy) subscribe(peer, 2);
    const modest = harness.join();
    modest.read();
    modest.subscribe(7, pattern('one more'));
    expect(modest.read()).toEqual([]);
    expect(greedy.filter(({ session }) => session.phase === 'draining')).toHaveLength(1);
    expect(harness.core.subscriptionCount).toBe(3 * 2 + 1);
  });

  it('releases the weight of ended subscriptions', () => {
    const harness = new CoreHarness({ maxMatchSteps: 8 * weight });
    const peer = harness.join();
    peer.read();
    subscribe(peer, 2);
    peer.send({ type: 'unsubscribe', id: 0 });
    peer.subscribe(7, pattern('one more'));
    expect(peer.read()).toEqual([]);
  });
});
