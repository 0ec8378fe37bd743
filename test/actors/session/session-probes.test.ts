import { describe, expect, it } from '@jest/globals';
import { SessionProbes } from '../../../src/actors/session/session-probes.js';
import { inputRead } from '../../support/steady-clock.js';
import { hear, lock, type ProbedPeer, ProbedPeers } from './probed-sessions.js';

interface Router {
  readonly peers: ProbedPeers;
  readonly probes: SessionProbes;
  /** Released sessions, with the second of each. */
  readonly released: string[];
  /** Makes a connection wait for the place of a session for this time, or until nothing can be released. */
  wait(milliseconds: number, place?: string): Promise<void>;
}

/** A full router. Sessions that it releases end at once. */
function fullRouter(): Router {
  const peers = new ProbedPeers();
  const released: string[] = [];
  const probes = new SessionProbes({
    router: { send: () => undefined },
    clock: peers.clock,
    sessions: () => peers.all,
    release: (session) => {
      released.push(`${session.id} at ${peers.clock.now() / 1_000}`);
      peers.all.splice(
        peers.all.findIndex((peer) => peer.session === session),
        1,
      );
    },
  });
  return {
    peers,
    probes,
    released,
    async wait(milliseconds, place) {
      for (let left = milliseconds; left > 0 && probes.mayRelease(place); left -= 50) {
        probes.want(place);
        await peers.pass(50);
      }
    },
  };
}

describe('while a connection waits, a router that is full', () => {
  it('probes a session that was silent for 15 s, and releases it after 5 s without an answer', async () => {
    const { peers, released, wait } = fullRouter();
    const { probes } = peers.add();
    await peers.pass(15_000);
    await wait(4_950);
    expect([probes, released]).toEqual([[15], []]);
    await wait(50);
    expect(released).toEqual(['s1 at 20']);
  });

  it('does not probe a session that was silent for less: a phone in a Wi-Fi gap stays', async () => {
    const { peers, probes, released, wait } = fullRouter();
    const phone = peers.add();
    await peers.pass(10_000);
    expect(probes.mayRelease(undefined)).toBe(false);
    await wait(5_000);
    expect([phone.probes, released]).toEqual([[], []]);
  });

  it('keeps a session that answers, with any input', async () => {
    const { peers, probes, released, wait } = fullRouter();
    const phone = peers.add();
    await peers.pass(15_000);
    await wait(4_900);
    hear(phone, peers.clock);
    await wait(60_000);
    expect([phone.probes, released]).toEqual([[15], []]);
    expect(probes.mayRelease(undefined)).toBe(false);
  });

  it('keeps a session that answers at the last moment', async () => {
    const { peers, released, wait } = fullRouter();
    const phone = peers.add();
    await peers.pass(15_000);
    await wait(4_950);
    peers.clock.increment(50); // the time is over, and the answer has arrived but is not read yet
    hear(phone, peers.clock);
    await inputRead();
    expect(released).toEqual([]);
  });

  it('releases as many sessions as connections wait, longest silent first', async () => {
    const { peers, released, probes, wait } = fullRouter();
    const [, second, third] = [peers.add(), peers.add(), peers.add()];
    await peers.pass(100);
    hear(second, peers.clock);
    await peers.pass(100);
    hear(third, peers.clock);
    await peers.pass(15_000);
    await wait(5_000);
    expect(released).toEqual(['s1 at 20.2']);
    await peers.pass(1_000);
    expect(released).toHaveLength(1);
    probes.mayRelease(undefined);
    probes.want(undefined);
    await peers.pass(50);
    expect(released.map((text) => text.slice(0, 2))).toEqual(['s1', 's2']);
  });

  it('releases at most 20 sessions per second', async () => {
    const { peers, released, wait } = fullRouter();
    for (let i = 0; i < 60; i++) peers.add();
    await peers.pass(15_000);
    await wait(7_000);
    const inSecond = (second: number): number =>
      released.filter((text) => Math.floor(Number(text.split(' at ')[1])) === second).length;
    expect([20, 21].map(inSecond)).toEqual([20, 20]);
  });

  it('releases sessions that hold locks last, although they were silent for longer', async () => {
    const { peers, released, wait } = fullRouter();
    const [holder, phone] = [peers.add(), peers.add()];
    lock(holder);
    await peers.pass(4_000);
    hear(phone, peers.clock);
    await peers.pass(11_000);
    await wait(4_000);
    expect([holder.probes, phone.probes]).toEqual([[15], []]);
    await peers.pass(500);
    await wait(5_600);
    // At 20 s the holder was known to be lost, but the phone was not.
    expect(released.map((text) => text.slice(0, 2))).toEqual(['s2', 's1']);
  });

  it('releases for a limit per address only sessions of that address', async () => {
    const { peers, probes, released, wait } = fullRouter();
    peers.add({ place: '192.0.2.1' });
    peers.add({ place: '192.0.2.2' });
    peers.add();
    await peers.pass(15_000);
    expect(probes.mayRelease('192.0.2.3')).toBe(false);
    await wait(5_200, '192.0.2.2');
    expect(released).toEqual(['s2 at 20']);
  });

  it('probes neither sessions in this process, nor those before HELLO, nor those whose silence proves nothing', async () => {
    const { peers, probes, wait } = fullRouter();
    const all: readonly ProbedPeer[] = [
      peers.add({ link: { deliver: () => undefined } }),
      peers.add(),
      peers.add({ link: { probe: undefined } }),
    ];
    all[1]!.session.phase = 'awaitingHello';
    await peers.pass(60_000);
    expect(probes.mayRelease(undefined)).toBe(false);
    await wait(10_000);
    expect(all.flatMap((peer) => peer.probes)).toEqual([]);
  });

  it('releases a peer that is silent to a CLASP PING if it has answered one before', async () => {
    const { peers, released, wait } = fullRouter();
    peers.add({ link: { probe: undefined } }).session.answersPings = true;
    await peers.pass(15_000);
    await wait(5_000);
    expect(released).toEqual(['s1 at 20']);
  });

  it('keeps a slow session that reads some of its pending output: the probe waits behind that', async () => {
    const { peers, released, wait } = fullRouter();
    const link = { bufferedBytes: 1_000_000 };
    peers.add({ link });
    const { session } = peers.all[0]!;
    session.traffic.sentBytes = 2_000_000;
    await peers.pass(15_000);
    for (let i = 0; i < 4; i++) {
      await wait(4_000);
      Object.assign(session.link, { bufferedBytes: session.link.bufferedBytes - 1_000 });
    }
    expect(released).toEqual([]);
    await wait(4_950);
    expect(released).toEqual([]);
    await wait(100);
    expect(released).toEqual(['s1 at 36.05']);
  });

  it('releases no session in the grace period after a stall of its process', async () => {
    const { peers, released, wait } = fullRouter();
    const phone = peers.add();
    await peers.pass(15_000);
    await wait(1_000);
    peers.clock.stall(10_000); // the answer has arrived in the meantime, and is not read yet
    await wait(3_000);
    expect(released).toEqual([]);
    hear(phone, peers.clock);
    await wait(20_000);
    expect(released).toEqual([]);
  });

  it('spreads the probes of many sessions over its scans', async () => {
    const { peers, probes } = fullRouter();
    for (let i = 0; i < 120; i++) peers.add({ answers: true });
    await peers.pass(15_000);
    const probed = (): number => peers.all.reduce((sum, peer) => sum + peer.probes.length, 0);
    expect(probes.mayRelease(undefined)).toBe(true);
    expect(probed()).toBe(50);
    await peers.pass(100);
    expect(probed()).toBe(120);
  });
});

describe('a full router without waiting connections', () => {
  it('stops scanning after a second', async () => {
    const { peers, probes, released } = fullRouter();
    const phone = peers.add();
    await peers.pass(15_000);
    probes.mayRelease(undefined);
    await peers.pass(60_000);
    expect([phone.probes, released]).toEqual([[15], []]);
    const later = peers.add();
    await peers.pass(60_000);
    expect(later.probes).toEqual([]);
  });
});
