import { describe, expect, it } from '@jest/globals';
import type { Departure } from '../../../src/core/system/presence.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

const map = (entries: Record<string, Value>): Value => new Map(Object.entries(entries));

const setTo = (address: string, value: Value): Value => map({ type: 'set', address, value });
const blackout = map({
  messages: [
    setTo('/lights/1/dim', 0),
    map({ type: 'publish', address: '/alarm', signal: 'event', value: 'desk lost' }),
  ],
});

/** Sets the will in the meta of the ANNOUNCE, as CBOR and JSON have it. */
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
    'runs if the session ends by %s',
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

  it.each<Departure>(['left', 'shutdown'])('does not run if the session ends by %s', (departure) => {
    const { desk, watcher } = harnessWithWatcher();
    leaveWill(desk, blackout);
    desk.leave(departure);
    expect(watcher.read()).toEqual([]);
  });

  it('can be set by a compact binary client, as the default of a signal at /$clasp/will', () => {
    const { harness, desk, watcher } = harnessWithWatcher();
    const meta = { default: encodeValue(blackout) };
    desk.send({ type: 'announce', namespace: '', signals: [{ address: '/$clasp/will', type: 'event', meta }] });
    expect(desk.read()).toMatchObject([{ type: 'ack' }]);
    expect(harness.core.signalCount).toBe(0);
    desk.leave('lost');
    expect(watcher.read()).toHaveLength(2);
  });

  it('is replaced by a later one, removed by null, and unchanged by an ANNOUNCE without one', () => {
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

  it('runs after the locks of its session are released, and takes no locks', () => {
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

  it('is applied entirely or not at all: a param that another session has locked prevents all of it', () => {
    const { harness, desk, watcher } = harnessWithWatcher();
    leaveWill(desk, map({ messages: [setTo('/free', 1), setTo('/a', 2)] }));
    harness.join().send({ type: 'set', address: '/a', value: encodeValue(1), lock: true });
    watcher.read();
    desk.leave('lost');
    expect(watcher.read()).toEqual([]);
  });

  it('runs once', () => {
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
  ])('that is %s is refused together with its ANNOUNCE', (_, will, code, text) => {
    const { harness, desk, watcher } = harnessWithWatcher();
    const signals = [{ address: '/x', type: 'param' }] as const;
    desk.send({ type: 'announce', namespace: '', signals, meta: encodeValue(map({ will })) });
    expect(desk.read()).toMatchObject([{ type: 'error', code, message: expect.stringMatching(text) }]);
    expect(harness.core.signalCount).toBe(0);
    desk.leave('lost');
    expect(watcher.read()).toEqual([]);
  });
});

describe('the last wills of all sessions together', () => {
  const options = { maxWillBytes: 10_000 };
  /** About 1,000 bytes. */
  const largeWill = (address: string): Value => map({ messages: [setTo(address, 'x'.repeat(430))] });
  /** Counted bytes of {@link largeWill}. */
  const bytesOfOne = 500 + encodeValue(largeWill('/0')).byteLength;
  const most = Math.floor(options.maxWillBytes / bytesOfOne);

  /** Sessions of one owner, by their token. */
  function team(harness: CoreHarness, tokenId: string, count: number): Peer[] {
    const scopes = [{ action: 'admin', pattern: parsePattern('/**') }] as const;
    return Array.from({ length: count }, () => harness.joinWith({ tokenId, scopes }));
  }

  it('are stored as bytes and decoded when they run', () => {
    const harness = new CoreHarness(options);
    const [desk, watcher] = [harness.join(), harness.join()];
    watcher.subscribe(1, '/**');
    const value = encodeValue(map({ will: blackout }));
    desk.send({ type: 'announce', namespace: '', signals: [], meta: value });
    value.bytes.fill(0); // the frame buffer is reused
    desk.leave('lost');
    expect(watcher.read()).toHaveLength(2);
  });

  it('are limited in bytes: one more of the owner with the largest use is ERROR 503 with the numbers', () => {
    const harness = new CoreHarness({ ...options, securityMode: 'authenticated' });
    const peers = team(harness, 'flooder', most + 1);
    for (const [i, peer] of peers.entries()) leaveWill(peer, largeWill(`/${i % 10}`));
    const answers = peers.map((peer) => peer.read()[0]);
    expect(answers.filter((answer) => answer?.type === 'ack')).toHaveLength(most);
    expect(answers.at(-1)).toMatchObject({
      type: 'error',
      code: 503,
      message: `The last will is refused: with it wills would take ${(most + 1) * bytesOfOne} bytes in all; the limit is 10000`,
    });
  });

  it('of the owner with the largest use are evicted for those of others, oldest first, with ERROR 503', () => {
    const harness = new CoreHarness({ ...options, securityMode: 'authenticated' });
    const flooders = team(harness, 'flooder', most);
    for (const peer of flooders) leaveWill(peer, largeWill('/a'));
    for (const peer of flooders) peer.read();
    const [desk] = team(harness, 'desk', 1);
    leaveWill(desk!, largeWill('/b')); // it exists
    expect(desk!.read()).toMatchObject([{ type: 'ack' }]);
    expect(flooders.map((peer) => peer.read()).filter((messages) => messages.length > 0)).toMatchObject([
      [{ type: 'error', code: 503, message: expect.stringContaining('The last will was dropped') }],
    ]);
    expect(harness.core.statistics().drops.droppedWills).toBe(1);
    const watcher = team(harness, 'watcher', 1)[0]!; // it exists
    watcher.subscribe(1, '/**');
    watcher.read();
    flooders[0]!.leave('lost'); // its will is the oldest
    expect(watcher.read()).toEqual([]);
    flooders[1]!.leave('lost');
    expect(watcher.read()).toHaveLength(1);
  });

  it('have room again after a session has ended, removed its will, or set a smaller one', () => {
    const harness = new CoreHarness({ ...options, securityMode: 'authenticated' });
    const peers = team(harness, 'flooder', most + 3);
    for (const peer of peers) leaveWill(peer, largeWill('/a'));
    const refused = peers.slice(-3);
    for (const peer of peers) peer.read();
    peers[0]!.leave('left');
    leaveWill(peers[1]!, null);
    leaveWill(refused[0]!, largeWill('/a'));
    leaveWill(refused[1]!, largeWill('/a'));
    leaveWill(refused[2]!, largeWill('/a'));
    expect(refused.map((peer) => peer.read()[0]?.type)).toEqual(['ack', 'ack', 'error']);
  });

  it('are kept if an ANNOUNCE with another one is refused because of its signals', () => {
    const harness = new CoreHarness(options);
    const [desk, watcher] = [harness.join(), harness.join()];
    watcher.subscribe(1, '/**');
    leaveWill(desk, largeWill('/first'));
    const meta = encodeValue(map({ will: largeWill('/second') }));
    desk.send({ type: 'announce', namespace: '', signals: [{ address: 'nowhere', type: 'param' }], meta });
    expect(desk.read().at(-1)).toMatchObject({ type: 'error', code: 200 });
    desk.leave('lost');
    expect(watcher.read()).toMatchObject([{ type: 'set', address: '/first' }]);
  });
});
