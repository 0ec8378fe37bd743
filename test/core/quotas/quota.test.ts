import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EvictionOrder } from '../../../src/core/quotas/eviction-order.js';
import { Owner, Owners } from '../../../src/core/quotas/owner.js';
import { Quota } from '../../../src/core/quotas/quota.js';
import type { RouterSession } from '../../../src/core/session.js';
import type { PeerSource } from '../../../src/util/client-prefix.js';
import { CoreHarness } from '../../support/core-harness.js';

const harness = new CoreHarness();

function sessionFrom(remoteAddress: string, more: Partial<Pick<RouterSession, 'grant'>> = {}): RouterSession {
  return sessionOver({ remoteAddress }, more);
}

function sessionOver(source: PeerSource, more: Partial<Pick<RouterSession, 'grant'>> = {}): RouterSession {
  const { session } = harness.connect();
  return Object.assign(Object.create(session) as RouterSession, { link: { ...session.link, ...source }, ...more });
}

const grantOf = (tokenId: string): NonNullable<RouterSession['grant']> => ({
  tokenId,
  subject: undefined,
  scopes: [],
  constraints: [],
  expiresAtSeconds: undefined,
});

describe('Owners', () => {
  it.each([
    ['192.168.1.20:5000', 'address:192.168.1.20'],
    ['[2001:db8:1:2:3::4]:5000', 'address:2001:db8:1:2::/64'],
  ])('treats all sessions from %s as one owner', (remoteAddress, key) => {
    const owners = new Owners();
    const first = owners.join(sessionFrom(remoteAddress));
    expect(first.key).toBe(key);
    expect(owners.join(sessionFrom(remoteAddress))).toBe(first);
    expect(first.sessions.size).toBe(2);
  });

  it('treats each session on this computer as a separate owner', () => {
    const owners = new Owners();
    expect(owners.join(sessionFrom('127.0.0.1:5000'))).not.toBe(owners.join(sessionFrom('127.0.0.1:5000')));
  });

  it('treats all sessions through a proxy on this computer as one owner, if it does not forward their addresses', () => {
    const owners = new Owners();
    const first = owners.join(sessionOver({ remoteAddress: '127.0.0.1:5000', isForwarded: true }));
    expect(owners.join(sessionOver({ remoteAddress: '127.0.0.1:5001', isForwarded: true }))).toBe(first);
    expect(owners.join(sessionOver({ remoteAddress: '203.0.113.7:0', isForwarded: true }))).not.toBe(first);
  });

  it('treats all sessions of a token as one owner, wherever they are', () => {
    const owners = new Owners();
    const first = owners.join(sessionFrom('192.168.1.20:5000', { grant: grantOf('guest') }));
    expect(owners.join(sessionFrom('127.0.0.1:5000', { grant: grantOf('guest') }))).toBe(first);
    expect(owners.ofToken('guest')).toBe(first);
  });

  it('keeps an owner while it has stored items', () => {
    const owners = new Owners();
    const quota = new Quota({ total: 10, perOwner: 0 });
    const session = sessionFrom('192.168.1.20:5000');
    const owner = owners.join(session);
    quota.take(owner, 3);
    owners.leave(session, owner);
    expect(owners.join(sessionFrom('192.168.1.20:6000'))).toBe(owner);
  });

  it('forgets owners without sessions and stored items', () => {
    const owners = new Owners();
    const quota = new Quota({ total: 0, perOwner: 0 });
    for (let i = 0; i < 5_000; i++) {
      const session = sessionFrom(`10.0.${i >> 8}.${i & 255}:1`);
      const owner = owners.join(session);
      quota.take(owner, 1);
      owners.leave(session, owner);
      quota.give(owner, 1); // later than the session
    }
    expect(owners.size).toBeLessThan(2_000);
  });
});

describe('Quota', () => {
  const owners = new Owners();
  const connected = (address: string): Owner => owners.join(sessionFrom(address));
  const gone = (address: string): Owner => {
    const session = sessionFrom(address);
    const owner = owners.join(session);
    owners.leave(session, owner);
    return owner;
  };

  it('counts the use of each owner, and the total', () => {
    const quota = new Quota({ total: 10, perOwner: 6 });
    const [one, other] = [connected('10.0.0.1:1'), connected('10.0.0.2:1')];
    quota.take(one, 5);
    quota.take(other, 4);
    quota.give(one, 2);
    expect([quota.usedBy(one), quota.usedBy(other), quota.total]).toEqual([3, 4, 7]);
    expect([quota.exceedsShare(one, 3), quota.exceedsShare(one, 4)]).toEqual([false, true]);
    expect([quota.exceedsTotal(3), quota.exceedsTotal(4)]).toEqual([false, true]);
  });

  it('never counts below 0', () => {
    const quota = new Quota({ total: 10, perOwner: 6 });
    const owner = connected('10.0.0.1:1');
    quota.take(owner, 2);
    quota.give(owner, 5);
    expect([quota.usedBy(owner), quota.total]).toEqual([0, 0]);
  });

  it('selects owners without a session first, then the one with the largest use', () => {
    const quota = new Quota({ total: 10, perOwner: 0 });
    const [requester, small, large, left] = [
      connected('10.0.0.1:1'),
      connected('10.0.0.2:1'),
      connected('10.0.0.3:1'),
      gone('10.0.0.4:1'),
    ];
    quota.take(small, 3);
    quota.take(large, 5);
    quota.take(left, 2);
    expect(quota.donor(requester, 1)).toBe(left);
    quota.give(left, 2);
    expect(quota.donor(requester, 1)).toBe(large);
  });

  it('selects no owner if the requester would have the largest use', () => {
    const quota = new Quota({ total: 10, perOwner: 0 });
    const [requester, other] = [connected('10.0.0.1:1'), connected('10.0.0.2:1')];
    quota.take(requester, 5);
    quota.take(other, 5);
    expect(quota.donor(requester, 1)).toBeUndefined();
  });

  it('selects many owners without a session together, although each has less than requested', () => {
    const quota = new Quota({ total: 10, perOwner: 0 });
    const requester = connected('10.1.0.1:1');
    const left = [gone('10.1.0.2:1'), gone('10.1.0.3:1'), gone('10.1.0.4:1')];
    for (const owner of left) quota.take(owner, 3);
    expect(left).toContain(quota.donor(requester, 9));
    expect(quota.donor(requester, 10)).toBeUndefined();
  });
});

describe('EvictionOrder', () => {
  it('select one owner after another, as a full search each time would', () => {
    const amounts = fc.array(fc.record({ used: fc.integer({ min: 1, max: 20 }), hasLeft: fc.boolean() }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(amounts, fc.nat(30), fc.integer({ min: 1, max: 5 }), (others, wanted, piece) => {
        const quota = new Quota({ total: 0, perOwner: 0 });
        const requester = new Owner('requester');
        quota.take(requester, wanted);
        const session = sessionFrom('10.2.0.1:1');
        const model = others.map(({ used, hasLeft }, i) => {
          const owner = new Owner(`${i}`);
          if (!hasLeft) owner.join(session);
          quota.take(owner, used);
          return { owner, hasLeft };
        });
        const order = new EvictionOrder(quota, requester);
        for (;;) {
          const donor = order.next();
          const left = model.filter(({ hasLeft }) => hasLeft).map(({ owner }) => quota.usedBy(owner));
          const most = model.filter(({ hasLeft }) => !hasLeft).map(({ owner }) => quota.usedBy(owner));
          const remains = left.reduce((sum, used) => sum + used, 0);
          const mayGive = remains >= Math.max(wanted, 1) || Math.max(0, ...most) >= Math.max(wanted, 1);
          if (donor === undefined) return !mayGive;
          expect(mayGive).toBe(true);
          expect(quota.usedBy(donor)).toBe(Math.max(...(remains > 0 ? left : most)));
          expect(donor.sessions.size === 0).toBe(remains > 0);
          quota.give(donor, piece);
        }
      }),
      { numRuns: 300 },
    );
  });
});
