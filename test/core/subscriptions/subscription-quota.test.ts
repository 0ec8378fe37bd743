import { describe, expect, it } from '@jest/globals';
import { subscriptionBytes } from '../../../src/core/subscriptions/subscription-quota.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { parseScopes } from '../../../src/protocol/scope.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

const bytes = subscriptionBytes(parsePattern('/a/b'));

/** A router with capacity for `count` subscriptions to `/a/b`, or as much in other patterns. */
function router(count: number): CoreHarness {
  return new CoreHarness({ maxSubscriptionBytes: count * bytes });
}

function subscribe(peer: Peer, count: number, first = 0): void {
  for (let i = 0; i < count; i++) peer.subscribe(first + i, '/a/b');
}

describe('maxSubscriptionBytes', () => {
  it('refuses a subscription of the owner with the largest use, with the numbers and the name of the option', () => {
    const harness = router(10);
    const peer = harness.join();
    subscribe(peer, 10);
    peer.read();
    peer.subscribe(10, '/a/b');
    const message =
      `Subscription limit reached: the subscriptions of all sessions take ${10 * bytes} bytes; ${bytes} more would pass the ` +
      `limit of ${10 * bytes}, the router option maxSubscriptionBytes`;
    expect(peer.read()).toEqual([{ type: 'error', code: 429, message, address: '/a/b' }]);
    expect(harness.core.subscriptionCount).toBe(10);
  });

  it('counts the segments of patterns', () => {
    const harness = router(10);
    const peer = harness.join();
    peer.read();
    peer.subscribe(1, `/${Array.from({ length: 60 }, () => 'x').join('/')}`);
    expect(peer.read()).toMatchObject([{ type: 'error', code: 429 }]);
  });

  it('closes the largest session of the owner with the largest use for an owner that has less', () => {
    const harness = router(10);
    const [greedy, modest] = [harness.join(), harness.join()];
    subscribe(greedy, 8);
    subscribe(modest, 3);
    expect(greedy.session.phase).toBe('draining');
    expect(greedy.events.at(-1)).toMatchObject({ type: 'end.budgetExceeded', error: { code: 503 } });
    expect(modest.session.phase).toBe('active');
    expect(harness.core.subscriptionCount).toBe(3);
  });

  it('closes no other session of that owner', () => {
    const scopes = parseScopes('read:/**');
    const grant = { tokenId: 'guest', scopes };
    const harness = new CoreHarness({ maxSubscriptionBytes: 10 * bytes, securityMode: 'authenticated' });
    const [light, heavy] = [harness.joinWith(grant), harness.joinWith(grant)];
    subscribe(light, 2);
    subscribe(heavy, 6);
    const desk = harness.joinWith({ tokenId: 'desk', scopes });
    subscribe(desk, 3);
    expect([light, heavy, desk].map(({ session }) => session.phase)).toEqual(['active', 'draining', 'active']);
  });

  it('releases what ends: an UNSUBSCRIBE, a reused ID, a session', () => {
    const harness = router(10);
    const peer = harness.join();
    subscribe(peer, 10);
    subscribe(peer, 10);
    peer.send({ type: 'unsubscribe', id: 0 });
    peer.subscribe(10, '/a/b');
    peer.leave();
    harness.settle();
    const next = harness.join();
    subscribe(next, 10);
    expect([...peer.read(), ...next.read()].filter(({ type }) => type === 'error')).toEqual([]);
    expect(harness.core.subscriptionCount).toBe(10);
  });

  it('is disabled with 0', () => {
    const harness = router(0);
    const peer = harness.join();
    subscribe(peer, 1_000);
    expect(harness.core.subscriptionCount).toBe(1_000);
  });
});
