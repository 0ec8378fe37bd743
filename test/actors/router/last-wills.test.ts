import { describe, expect, it } from '@jest/globals';
import type { Departure } from '../../../src/actors/router/presence.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

const map = (entries: Record<string, Value>): Value => new Map(Object.entries(entries));

const setTo = (address: string, value: Value): Value => map({ type: 'set', address, value });
const blackout = map({
  messages: [
    setTo('/lights/1/dim', 0),
    map({ type: 'publish', address: '/alarm', signal: 'event', value: 'desk lost' }),
  ],
});

/** In the meta of the whole, as CBOR and JSON have it. */
function leaveWill(peer: Peer, will: Value): void {
  peer.send({ type: 'announce', namespace: '/desk', signals: [], meta: encodeValue(map({ will })) });
}

function harnessWithWatcher(): { harness: CoreHarness; desk: Peer; watcher: Peer } {
  const harness = new CoreHarness();
  const [desk, watcher] = [harness.join('desk'), harness.join('watcher')];
  watcher.subscribe(1, '/**');
  return { harness, desk, watcher };
}

describe('the last will of a session', () => {
  it.each<Departure>(['lost', 'idle', 'overflow', 'violation', 'failure'])(
    'is done when it ends by %s',
    (departure) => {
      const { desk, watcher } = harnessWithWatcher();
      leaveWill(desk, blackout);
      expect(plain(desk.read())).toEqual([{ type: 'ack', address: '/desk' }]);
      expect(watcher.read()).toEqual([]);
      desk.leave(departure);
      expect(plain(watcher.read())).toMatchObject([
        { type: 'set', address: '/lights/1/dim', value: 0, revision: 1 },
        { type: 'publish', address: '/alarm', signal: 'event', value: 'desk lost' },
      ]);
    },
  );

  it.each<Departure>(['left', 'shutdown'])('is not when it ends by %s', (departure) => {
    const { desk, watcher } = harnessWithWatcher();
    leaveWill(desk, blackout);
    desk.leave(departure);
    expect(watcher.read()).toEqual([]);
  });

  it('can be left by a client of compact binary, as the default of a signal at /$clasp/will', () => {
    const { harness, desk, watcher } = harnessWithWatcher();
    const meta = { default: encodeValue(blackout) };
    desk.send({ type: 'announce', namespace: '', signals: [{ address: '/$clasp/will', type: 'event', meta }] });
    expect(desk.read()).toMatchObject([{ type: 'ack' }]);
    expect(harness.core.signalCount).toBe(0);
    desk.leave('lost');
    expect(watcher.read()).toHaveLength(2);
  });

  it('is replaced by a later one, taken back by null, and left alone by an ANNOUNCE without one', () => {
    const { harness, desk, watcher } = harnessWithWatcher();
    leaveWill(desk, map({ messages: [setTo('/a', 1)] }));
    leaveWill(desk, map({ messages: [setTo('/a', 2)] }));
    desk.send({ type: 'announce', namespace: '', signals: [] });
    desk.leave('lost');
    expect(plain(watcher.read())).toMatchObject([{ address: '/a', value: 2 }]);
    const other = harness.join();
    leaveWill(other, map({ messages: [setTo('/a', 3)] }));
    leaveWill(other, null);
    other.leave('lost');
    expect(watcher.read()).toEqual([]);
  });

  it('finds the locks of its session released, and locks nothing itself', () => {
    const { harness, desk, watcher } = harnessWithWatcher();
    desk.send({ type: 'set', address: '/a', value: encodeValue(1), lock: true });
    const will = map({ messages: [map({ type: 'set', address: '/a', value: 2, lock: true })] });
    leaveWill(desk, will);
    desk.leave('lost');
    const other = harness.join();
    other.set('/a', 3);
    expect(other.read()).toMatchObject([{ type: 'ack', revision: 3 }]);
    expect(watcher.read()).toHaveLength(3);
  });

  it('is all or nothing: what somebody else has locked by then keeps all of it back', () => {
    const { harness, desk, watcher } = harnessWithWatcher();
    leaveWill(desk, map({ messages: [setTo('/free', 1), setTo('/a', 2)] }));
    harness.join().send({ type: 'set', address: '/a', value: encodeValue(1), lock: true });
    watcher.read();
    desk.leave('lost');
    expect(watcher.read()).toEqual([]);
  });

  it('is done once', () => {
    const { harness, desk, watcher } = harnessWithWatcher();
    leaveWill(desk, blackout);
    desk.leave('lost');
    harness.core.leave(desk.session, 'lost');
    expect(watcher.read()).toHaveLength(2);
  });

  it.each<[string, Value, number, RegExp]>([
    ['no map', 7, 101, /^The last will cannot be read: /],
    ['another message', map({ type: 'ping' }), 101, /must be a bundle/],
    ['a bundle with a time', map({ messages: [], timestamp: 5n }), 101, /must be a bundle without a timestamp/],
    ['no messages', map({ type: 'bundle', messages: 'x' }), 101, /^The last will cannot be read: /],
    ['a bad address', map({ messages: [setTo('nowhere', 1)] }), 200, /^Bundle rejected: /],
    ["the router's own", map({ messages: [setTo('/$clasp/name', 1)] }), 403, /^Bundle rejected: /],
    ['a GET', map({ messages: [map({ type: 'get', address: '/a' })] }), 101, /^Bundle rejected: /],
  ])('is refused when it is %s, and the ANNOUNCE with it', (_, will, code, text) => {
    const { harness, desk, watcher } = harnessWithWatcher();
    const signals = [{ address: '/x', type: 'param' }] as const;
    desk.send({ type: 'announce', namespace: '', signals, meta: encodeValue(map({ will })) });
    expect(desk.read()).toMatchObject([{ type: 'error', code, message: expect.stringMatching(text) }]);
    expect(harness.core.signalCount).toBe(0);
    desk.leave('lost');
    expect(watcher.read()).toEqual([]);
  });
});
