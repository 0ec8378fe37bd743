import { describe, expect, it } from '@jest/globals';
import type { Grant } from '../../../src/core/ports.js';
import { noPermissions } from '../../../src/core/sessions/permissions.js';
import { ErrorCode } from '../../../src/protocol/errors.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { plain, START_MICROS } from '../../support/core-harness.js';
import { scopes, router, owner, forbidden, fault, write } from '../../support/scoped-sessions.js';

describe('a session with scopes', () => {
  it.each([
    ['read:/lights/**', 'write operation'],
    ['write:/sound/**', 'write operation'],
    ['', 'write operation'],
  ])('with "%s" cannot SET elsewhere, and nothing changes', (held, what) => {
    const harness = router();
    const peer = harness.joinWith(scopes(held));
    peer.set('/lights/1', 1);
    expect(plain(peer.read())).toEqual([forbidden(what, '/lights/1')]);
    expect(harness.core.paramCount).toBe(0);
  });

  it.each(['write:/lights/*', 'admin:/**', 'write:/**'])('with "%s" can SET', (held) => {
    const peer = router().joinWith(scopes(held));
    peer.set('/lights/1', 1);
    expect(plain(peer.read())).toEqual([{ type: 'ack', address: '/lights/1', revision: 1 }]);
  });

  it('can PUBLISH where it can write, and nowhere else', () => {
    const harness = router();
    const hearer = owner(harness);
    hearer.subscribe(1, '/**');
    const peer = harness.joinWith(scopes('write:/lights/**'));
    peer.publish('/lights/go', 'event', 1);
    peer.publish('/sound/go', 'event', 1);
    peer.publish(`/clasp/p2p/signal/${hearer.id}`, 'event', null);
    expect(plain(peer.read())).toEqual([
      forbidden('publish operation', '/sound/go'),
      forbidden('publish operation', `/clasp/p2p/signal/${hearer.id}`),
    ]);
    expect(plain(hearer.read())).toMatchObject([{ address: '/lights/go' }]);
  });

  it('can GET what it can read or write', () => {
    const harness = router();
    owner(harness).set('/lights/1', 0.5);
    for (const held of ['read:/lights/**', 'write:/lights/1', 'admin:/**']) {
      const peer = harness.joinWith(scopes(held));
      peer.send({ type: 'get', address: '/lights/1' });
      expect(plain(peer.read())).toMatchObject([{ type: 'snapshot', params: [{ address: '/lights/1', value: 0.5 }] }]);
    }
    const stranger = harness.joinWith(scopes('read:/sound/**'));
    stranger.send({ type: 'get', address: '/lights/1' });
    expect(plain(stranger.read())).toEqual([forbidden('read operation', '/lights/1')]);
  });

  it('learns nothing of addresses it cannot read, not even whether they exist', () => {
    const peer = router().joinWith(scopes('read:/sound/**'));
    peer.send({ type: 'get', address: '/lights/nothing' });
    expect(plain(peer.read())).toEqual([forbidden('read operation', '/lights/nothing')]);
  });

  it.each([
    ['read:/lights/**', '/lights/*', true],
    ['read:/lights/**', '/lights/**', true],
    ['admin:/**', '/**', true],
    ['read:/a/*', '/a/**', false], // the reference implementation treats the pattern as an address and permits both
    ['read:/*/b', '/**/b', false],
    ['write:/lights/**', '/lights/**', false], // write access does not include subscribing
    ['read:/lights/**', '/**', false],
    ['', '/lights/1', false],
  ])('with "%s" may subscribe to %s: %p', (held, pattern, may) => {
    const harness = router();
    const peer = harness.joinWith(scopes(held));
    peer.subscribe(1, pattern);
    expect(plain(peer.read())).toEqual(may ? [] : [forbidden('subscription', pattern)]);
    expect(harness.core.subscriptionCount).toBe(may ? 1 : 0);
  });

  it('keeps its subscription if the replacement is refused', () => {
    const harness = router();
    const peer = harness.joinWith(scopes('read:/lights/**'));
    peer.subscribe(1, '/lights/1');
    peer.subscribe(1, '/sound/1');
    peer.read();
    owner(harness).set('/lights/1', 1);
    expect(plain(peer.read())).toMatchObject([{ type: 'set', address: '/lights/1' }]);
  });

  it('gets only what it can read in its first snapshot, and an empty one if that is nothing', () => {
    const harness = router();
    const setter = owner(harness);
    for (const address of ['/lights/1', '/sound/1', '/lights/2']) setter.set(address, 1);
    const first = (held: string): unknown => {
      const peer = harness.connect();
      peer.send({ type: 'hello', version: 1, name: 'late', features: ['param'], token: 'token' });
      peer.admit(scopes(held));
      harness.settle();
      const snapshots = peer.read().filter((message) => message.type === 'snapshot');
      return snapshots.map(({ params }) => params.map(({ address }) => address));
    };
    expect(first('read:/lights/**')).toEqual([['/lights/1', '/lights/2']]);
    expect(first('read:/video/**')).toEqual([[]]);
    expect(first('')).toEqual([[]]);
  });

  it('can announce where it can write, and finds by QUERY what it can read', () => {
    const harness = router();
    const peer = harness.joinWith(scopes('write:/lights/**'));
    const announce = (address: string): void =>
      peer.send({ type: 'announce', namespace: 'n', signals: [{ address, type: 'param' }] });
    announce('/lights/*');
    announce('/**');
    announce('/sound/1');
    expect(plain(peer.read())).toEqual([
      { type: 'ack', address: 'n' },
      forbidden('announcement', '/**'),
      forbidden('announcement', '/sound/1'),
    ]);
    const queried = (held: string): unknown => {
      const asker = harness.joinWith(scopes(held));
      asker.send({ type: 'query', pattern: '/**' });
      return plain(asker.read());
    };
    expect(queried('read:/**')).toMatchObject([{ type: 'result', signals: [{ address: '/lights/*' }] }]);
    expect(queried('read:/lights/1')).toMatchObject([{ type: 'result', signals: [] }]);
  });

  it('has a bundle applied entirely or not at all', () => {
    const harness = router();
    const peer = harness.joinWith(scopes('write:/lights/**'));
    peer.send({ type: 'bundle', messages: [write('/lights/1', 1), write('/sound/1', 1)] });
    expect(plain(peer.read())).toEqual([
      fault(ErrorCode.Forbidden, 'Bundle rejected: Insufficient scope for write operation', '/sound/1'),
    ]);
    expect(harness.core.paramCount).toBe(0);
  });

  it('receives router state only if a scope names it', () => {
    const harness = router();
    const subscribed = (held: string): unknown => {
      const peer = harness.joinWith(scopes(held));
      peer.subscribe(1, '/$clasp/sessions/**');
      return plain(peer.read()).some((message) => (message as Message).type === 'error');
    };
    expect(subscribed('read:/**')).toBe(true);
    expect(subscribed('read:/$clasp/**')).toBe(false);
    expect(subscribed('admin:/**')).toBe(false);
  });

  it('breaks a lock with an admin scope, and only by unlocking', () => {
    const harness = router();
    const holder = harness.joinWith(scopes('write:/**'), 'holder');
    holder.send({ type: 'set', address: '/a', value: encodeValue(1), lock: true }, { qos: 0 });
    const admin = owner(harness);
    admin.set('/a', 2);
    admin.send({ type: 'set', address: '/a', value: encodeValue(3), unlock: true }, { qos: 1 });
    const other = harness.joinWith(scopes('write:/**'), 'other');
    holder.send({ type: 'set', address: '/a', value: encodeValue(1), lock: true }, { qos: 0 });
    other.send({ type: 'set', address: '/a', value: encodeValue(4), unlock: true }, { qos: 1 });
    expect(plain(admin.read())).toMatchObject([
      { type: 'error', code: ErrorCode.LockHeld },
      { type: 'ack', revision: 2, locked: false },
    ]);
    expect(plain(other.read())).toMatchObject([{ type: 'error', code: ErrorCode.LockHeld }]);
  });
});

describe('a token with bounds', () => {
  const constraint = (more: object): Partial<Grant> => ({
    ...scopes('write:/**'),
    constraints: [{ pattern: parsePattern('/lights/**'), ...more }],
  });

  it.each<[string, Value, boolean]>([
    ['a number within', 0.5, true],
    ['an integer on the edge', 1n, true],
    ['one beyond', 1.01, false],
    ['no number at all', NaN, false],
    ['one in a list', [0.5, 2], false],
    ['one deep in a map', new Map<string, Value>([['rgb', [0, [7]]]]), false],
    ['a text', 'on', true],
  ])('limits a SET to its range: %s', (_, value, passes) => {
    const peer = router().joinWith(constraint({ range: [0, 1] }));
    peer.set('/lights/1', value);
    expect(plain(peer.read())).toMatchObject([
      passes ? { type: 'ack' } : { type: 'error', code: ErrorCode.InvalidValue },
    ]);
  });

  it('limits samples and keyframes to it as well, and states the numbers', () => {
    const peer = router().joinWith(constraint({ range: [0, 1] }));
    peer.send({ type: 'publish', address: '/lights/s', signal: 'stream', samples: [0.2, 3] });
    peer.send({
      type: 'publish',
      address: '/lights/t',
      signal: 'timeline',
      timeline: { keyframes: [{ time: 0, value: encodeValue(9), easing: 'linear' }], loop: false },
    });
    const text = (value: number): string =>
      `Invalid value: ${value} is outside the range 0 to 1 that this token allows`;
    expect(plain(peer.read())).toEqual([
      fault(ErrorCode.InvalidValue, text(3), '/lights/s'),
      fault(ErrorCode.InvalidValue, text(9), '/lights/t'),
    ]);
  });

  it('does not affect other addresses', () => {
    const peer = router().joinWith(constraint({ range: [0, 1], maxRate: 1 }));
    for (let i = 0; i < 3; i++) peer.set('/sound/1', 7);
    expect(plain(peer.read())).toMatchObject([{ type: 'ack' }, { type: 'ack' }, { type: 'ack' }]);
  });

  it('counts writes to all its addresses together against its rate', () => {
    const harness = router();
    const peer = harness.joinWith(constraint({ maxRate: 2 }));
    peer.set('/lights/1', 1);
    peer.publish('/lights/2', 'event', 1);
    peer.set('/lights/3', 1);
    const text = 'Rate limit exceeded: this token may write 2 times a second to /lights/**';
    expect(plain(peer.read())).toEqual([
      { type: 'ack', address: '/lights/1', revision: 1 },
      fault(ErrorCode.RateLimited, text, '/lights/3'),
    ]);
    harness.advance(0.5);
    peer.set('/lights/3', 1);
    expect(plain(peer.read())).toMatchObject([{ type: 'ack' }]);
  });

  it('does not count a scheduled write again when it runs, because it was acknowledged', () => {
    const harness = router();
    const peer = harness.joinWith(constraint({ maxRate: 1 }));
    const at = START_MICROS + 1_000;
    peer.send({ type: 'bundle', timestamp: at, messages: [write('/lights/1', 1)] });
    expect(plain(peer.read())).toEqual([{ type: 'ack' }]);
    harness.advance(0.001);
    expect(plain(peer.read())).toEqual([]);
    expect(harness.core.paramCount).toBe(1);
  });
});

describe('an expired token', () => {
  it('causes an ERROR from the moment of expiry, for every operation', () => {
    const harness = router();
    const peer = harness.joinWith({ ...scopes('admin:/**'), expiresAtSeconds: START_MICROS / 1_000_000 + 1 });
    harness.advance(0.999_999);
    peer.set('/a', 1);
    harness.advance(0.000_001);
    peer.set('/a', 2);
    peer.subscribe(1, '/**');
    peer.send({ type: 'get', address: '/a' });
    peer.send({ type: 'announce', namespace: 'n', signals: [{ address: '/a', type: 'param' }] });
    const expired = fault(ErrorCode.TokenExpired, 'Token has expired');
    expect(plain(peer.read())).toEqual([
      { type: 'ack', address: '/a', revision: 1 },
      expired,
      expired,
      expired,
      expired,
    ]);
  });

  it('prevents its scheduled bundles', () => {
    const harness = router();
    const peer = harness.joinWith(scopes('write:/**'));
    peer.send({ type: 'bundle', timestamp: START_MICROS + 1_000_000, messages: [write('/a', 1)] });
    peer.session.permissions = noPermissions();
    harness.advance(1);
    expect(harness.core.paramCount).toBe(0);
    expect(plain(peer.read())).toMatchObject([{ type: 'ack' }, { type: 'error', code: ErrorCode.Forbidden }]);
  });
});
