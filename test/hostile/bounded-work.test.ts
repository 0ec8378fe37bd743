import { describe, expect, it } from '@jest/globals';
import { BASE_STEPS } from '../../src/core/subscriptions/match-cost.js';
import { ParamStore } from '../../src/core/params/param-store.js';
import { parseAddress } from '../../src/protocol/address.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { parseScopes } from '../../src/protocol/scope.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../support/core-harness.js';

/**
 * Maximum steps per turn of all tasks, and of the comparison with one param, which is never split: 128 segments
 * against 128.
 */
const TURN_STEPS = 16_384;
const AT_ONCE_STEPS = 64_000;
const LOOK_STEPS = 33_000;

const deepAddress = (last: string | number): string => `/${'aaaaaa/'.repeat(120)}${last}`;
const hostilePattern = `/**${'/*a*a*a*'.repeat(60)}/*b*/**/*a*/**`;

/** Runs the tasks to their end. @returns the maximum steps of a turn, and the number of turns */
function runTasks(harness: CoreHarness): { readonly most: number; readonly turns: number } {
  let most = 0;
  let turns = 0;
  for (let hasMore = true; hasMore; turns++) {
    const before = harness.core.steps;
    hasMore = harness.core.advanceTasks();
    most = Math.max(most, harness.core.steps - before);
  }
  return { most, turns };
}

/** Returns the steps of handling one message. */
function stepsOf(harness: CoreHarness, action: () => void): number {
  const before = harness.core.steps;
  action();
  return harness.core.steps - before;
}

function fill(peer: Peer, count: number, address: (i: number) => string): void {
  for (let i = 0; i < count; i++) peer.set(address(i), i, { qos: 0 });
}

describe('SUBSCRIBE of a pattern that is expensive to compare', () => {
  it('is processed in slices of a turn over thousands of deep params', () => {
    const harness = new CoreHarness({ maxMatchSteps: 0 });
    fill(harness.join(), 500, deepAddress);
    const attacker = harness.join();
    runTasks(harness);
    const atOnce = stepsOf(harness, () => {
      attacker.subscribe(1, hostilePattern);
    });
    expect(atOnce).toBeLessThan(AT_ONCE_STEPS + LOOK_STEPS);
    const { most, turns } = runTasks(harness);
    expect(most).toBeLessThan(TURN_STEPS + LOOK_STEPS);
    expect(turns).toBeGreaterThan(10); // the cost is high, and the attacker bears the wait
  });
});

describe('SUBSCRIBE of a pattern that alone exceeds the step limit', () => {
  it('is refused with the numbers', () => {
    const attacker = new CoreHarness().join();
    attacker.read();
    attacker.subscribe(1, hostilePattern);
    expect(attacker.read()).toMatchObject([{ type: 'error', code: 429, address: hostilePattern }]);
  });
});

describe('snapshots of many clients', () => {
  it('alternate, so that clients that repeat SUBSCRIBE delay no other client', () => {
    const harness = new CoreHarness();
    fill(harness.join(), 10_000, (i) => `/many/${i}`);
    const attackers = [harness.join(), harness.join()];
    const late = harness.join();
    let id = 0;
    const received = (): number =>
      late.read().reduce((sum, message) => sum + (message.type === 'snapshot' ? message.params.length : 0), 0);
    late.read();
    for (const attacker of attackers) for (let i = 0; i < 20; i++) attacker.subscribe(id++, '/**');
    late.subscribe(1, '/**');
    let params = received();
    let turns = 0;
    for (; params < 10_000 && turns < 1_000; turns++) {
      for (const attacker of attackers) {
        for (let i = 0; i < 20; i++) attacker.subscribe(id++ % 500, '/**');
        attacker.read();
      }
      harness.core.advanceTasks();
      params += received();
    }
    // Slices of about 500, every third turn.
    expect(turns).toBeLessThan(3 * 25);
  });

  it('cost nothing while their sessions read nothing', () => {
    const harness = new CoreHarness();
    fill(harness.join(), 5_000, (i) => `/many/${i}`);
    runTasks(harness);
    for (let i = 0; i < 100; i++) {
      const muted = harness.join();
      muted.session.notify({ type: 'connection.congested', bufferedBytes: 1 });
      for (let id = 0; id < 100; id++) muted.subscribe(id, '/**');
    }
    runTasks(harness);
    expect(stepsOf(harness, () => harness.core.advanceTasks())).toBe(0);
  });
});

describe('an event to an address without a cached match', () => {
  it('takes a bounded number of steps, whatever a session has subscribed to', () => {
    const harness = new CoreHarness();
    const attacker = harness.join();
    attacker.read();
    for (let i = 0; i < 986; i++) {
      const [a, b, c] = [i % 10, Math.floor(i / 10) % 10, Math.floor(i / 100)].map((n) => `*${'a'.repeat(n + 1)}*`);
      attacker.subscribe(i, `/**/${a}/**/${b}/**/${c}/**/z`);
    }
    const refused = attacker.read().filter((message) => message.type === 'error' && message.code === 429);
    expect(refused.length).toBeGreaterThan(900);
    const desk = harness.join();
    const steps = stepsOf(harness, () => {
      desk.publish(deepAddress('z'), 'event', 1);
    });
    expect(steps).toBeLessThan(BASE_STEPS + 65_536);
  });
});

describe('a TTL that decreases with each SET', () => {
  it('leaves one entry in the expiry queue', () => {
    const store = new ParamStore({
      maxParams: 0,
      maxParamBytes: 0,
      eviction: 'lru',
      paramTtlSeconds: 0,
      maxLockSeconds: 0,
      historyRules: [],
    });
    const { session } = new CoreHarness().join();
    const param = store.create(parseAddress('/ttl'), session, 0);
    const value = encodeValue(1);
    for (let ttl = 5_000; ttl > 0; ttl--) {
      store.write(param, value, { type: 'set', address: '/ttl', value, ttl }, session, 0);
      expect(store.expiring).toBe(1);
    }
    expect(store.dueMicros).toBe(1_000_000);
  });
});

describe('the sessions of one token', () => {
  const guest = { tokenId: 'guest', scopes: parseScopes('read:/**,write:/guest/**') };
  const get = (address: string): Message => ({ type: 'get', address });

  it('share the address cache, which has no entries for forbidden addresses', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const narrow = { tokenId: 'narrow', scopes: parseScopes('read:/guest/**') };
    const [one, other] = [harness.joinWith(narrow), harness.joinWith(narrow)];
    const steps = (peer: Peer, address: string): number => stepsOf(harness, () => peer.send(get(address)));
    const first = steps(one, '/guest/1');
    expect(steps(other, '/guest/1')).toBeLessThan(first);
    const refused = steps(one, '/elsewhere');
    expect(Math.abs(steps(one, '/elsewhere') - refused)).toBeLessThanOrEqual(1); // a delivery is an eighth of a step
  });

  it('share the rates of its constraints', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const limited = {
      ...guest,
      constraints: [{ pattern: guest.scopes[1]!.pattern, maxRate: 5 }],
    };
    const peers = Array.from({ length: 20 }, () => harness.joinWith(limited));
    for (const [i, peer] of peers.entries()) for (let n = 0; n < 5; n++) peer.set(`/guest/${i}`, n, { qos: 0 });
    expect(harness.core.paramCount).toBe(1);
    expect(peers.flatMap((peer) => peer.read()).filter(({ type }) => type === 'error')).toHaveLength(95);
  });

  it('get no new rate budget by reconnecting or by a second connection', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const limited = { ...guest, constraints: [{ pattern: guest.scopes[1]!.pattern, maxRate: 1 }] };
    for (let i = 0; i < 10; i++) {
      const peer = harness.joinWith(limited);
      peer.set(`/guest/${i}`, 1, { qos: 0 });
      peer.leave();
    }
    expect(harness.core.paramCount).toBe(1);
  });
});
