import { describe, expect, it } from '@jest/globals';
import { Displacement } from '../../../src/actors/session/displacement.js';
import { hear, type ProbedPeer, ProbedPeers } from './probed-sessions.js';

interface Router {
  readonly peers: ProbedPeers;
  readonly displacement: Displacement;
  /** IDs of displaced sessions, which end at once. */
  readonly displaced: string[];
  /** Adds sessions of a place, which get their WELCOME now. */
  add(place: string | undefined, count?: number): readonly ProbedPeer[];
}

function fullRouter(): Router {
  const peers = new ProbedPeers();
  const displaced: string[] = [];
  const displacement = new Displacement({
    clock: peers.clock,
    sessions: () => peers.all,
    displace: (session) => {
      displaced.push(session.id);
      session.phase = 'draining';
    },
  });
  const add = (place: string | undefined, count = 1): readonly ProbedPeer[] =>
    Array.from({ length: count }, () => {
      const peer = peers.add({ place });
      peer.session.joinedMicros = peers.clock.now() * 1_000;
      return peer;
    });
  return { peers, displacement, displaced, add };
}

/** Adds a subscription to a session. */
function subscribe({ session }: ProbedPeer): void {
  session.holdings.subscriptions = 1;
}

describe('a new connection to a full router', () => {
  it('displaces the session that has sent nothing for longest, of the address with the most', () => {
    const { peers, displacement, displaced, add } = fullRouter();
    add('b');
    const [first, second, third] = add('a', 3) as [ProbedPeer, ProbedPeer, ProbedPeer];
    peers.clock.increment(4_000);
    hear(first, peers.clock);
    peers.clock.increment(1_000);
    hear(third, peers.clock);
    expect(displacement.displace('c')).toBe(true);
    expect(displaced).toEqual([second.session.id]);
    expect(displacement.displacedCount).toBe(1);
  });

  it('displaces none of an address that would then have fewer sessions than its own', () => {
    const { peers, displacement, displaced, add } = fullRouter();
    add('a', 3);
    add('b', 2);
    peers.clock.increment(5_000);
    expect([displacement.mayDisplace('b'), displacement.displace('b')]).toEqual([false, false]);
    expect([displacement.mayDisplace('a'), displacement.displace('a')]).toEqual([false, false]);
    expect(displaced).toEqual([]);
    expect(displacement.displace('c')).toBe(true);
  });

  it.each([
    ['has a subscription', subscribe],
    ['has written', ({ session }: ProbedPeer) => (session.hasWritten = true)],
    ['has had no WELCOME yet', ({ session }: ProbedPeer) => (session.phase = 'awaitingHello')],
    [
      'belongs to the program around the router',
      ({ session }: ProbedPeer) => (session.link = { ...session.link, isTrusted: true }),
    ],
  ])('displaces no session that %s', (_, change) => {
    const { peers, displacement, displaced, add } = fullRouter();
    add('a', 3).forEach(change);
    peers.clock.increment(5_000);
    expect([displacement.mayDisplace('b'), displacement.displace('b')]).toEqual([false, false]);
    expect(displaced).toEqual([]);
  });

  it('displaces no session of other addresses if the address with the most has none to displace', () => {
    const { peers, displacement, displaced, add } = fullRouter();
    add('a', 4).forEach(subscribe);
    add('b', 3);
    peers.clock.increment(5_000);
    expect(displacement.displace('c')).toBe(false);
    expect(displaced).toEqual([]);
  });

  it('waits until a session has had 5 s for its first subscription', () => {
    const { peers, displacement, displaced, add } = fullRouter();
    add('a', 2);
    peers.clock.increment(4_999);
    expect([displacement.mayDisplace('b'), displacement.displace('b')]).toEqual([true, false]);
    peers.clock.increment(50);
    expect(displacement.displace('b')).toBe(true);
    expect(displaced).toEqual(['s1']);
  });

  it('does not displace a session that has subscribed since the last scan', () => {
    const { peers, displacement, displaced, add } = fullRouter();
    add('a', 2).forEach((peer) => {
      hear(peer, peers.clock);
    });
    peers.clock.increment(5_000);
    expect(displacement.mayDisplace('b')).toBe(true);
    subscribe(peers.all[0]!);
    expect(displacement.displace('b')).toBe(false);
    expect(displaced).toEqual([]);
  });

  it('counts this computer as one address', () => {
    const { peers, displacement, displaced, add } = fullRouter();
    add(undefined, 3);
    peers.clock.increment(5_000);
    expect(displacement.displace(undefined)).toBe(false);
    expect(displacement.displace('a')).toBe(true);
    expect(displaced).toEqual(['s1']);
  });
});

describe('new connections to a full router', () => {
  it('displace at most one session per 50 ms, however many arrive', () => {
    const { peers, displacement, displaced, add } = fullRouter();
    add('a', 100);
    peers.clock.increment(5_000);
    for (let i = 0; i < 100; i++) displacement.displace(`b${i}`);
    expect(displaced).toEqual(['s1']);
    for (let passed = 0; passed < 1_000; passed += 10) {
      peers.clock.increment(10);
      for (let i = 0; i < 10; i++) displacement.displace(`b${i}`);
    }
    expect(displaced).toHaveLength(21);
  });

  it('displaces sessions for one address only until both addresses have as many', () => {
    const { peers, displacement, displaced, add } = fullRouter();
    add('a', 10);
    peers.clock.increment(5_000);
    while (displacement.displace('b')) {
      add('b');
      peers.clock.increment(50);
    }
    expect(displaced).toHaveLength(5);
    expect(peers.all.filter(({ session, place }) => place === 'a' && session.phase === 'active')).toHaveLength(5);
  });
});
