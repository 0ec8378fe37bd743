import { describe, expect, it } from '@jest/globals';
import { mayTakeOver } from '../../../src/core/writes/lock-takeover.js';
import { LockHolderProbes } from '../../../src/actors/session/lock-holder-probes.js';
import { hear, identify, lock, type ProbedPeer, ProbedPeers } from './probed-sessions.js';

/** A session with a lock and a second one of the same client. */
async function setUp(): Promise<{
  peers: ProbedPeers;
  probes: LockHolderProbes;
  holder: ProbedPeer;
  again: ProbedPeer;
  takesOver: () => boolean;
}> {
  const peers = new ProbedPeers();
  const probes = new LockHolderProbes({
    router: { send: () => undefined },
    clock: peers.clock,
    sessions: () => peers.all,
  });
  const [holder, again] = [peers.add(), peers.add({ answers: true })];
  for (const peer of [holder, again]) identify(peer, 'token-1', 'desk');
  lock(holder);
  await peers.pass(1_000);
  return { peers, probes, holder, again, takesOver: () => mayTakeOver(again.session, holder.session) };
}

describe('a session that holds locks', () => {
  it('is probed every 10 s', async () => {
    const { peers, probes, holder, again } = await setUp();
    probes.start();
    await peers.pass(35_000);
    expect([holder.probes, again.probes]).toEqual([[11, 21, 31], []]);
    probes.stop();
    await peers.pass(60_000);
    expect(holder.probes).toHaveLength(3);
  });

  it('is not probed while input is received from it', async () => {
    const { peers, probes, holder } = await setUp();
    probes.start();
    for (let i = 0; i < 30; i++) {
      await peers.pass(1_000);
      hear(holder, peers.clock);
    }
    expect(holder.probes).toEqual([]);
  });

  it('loses its lock to the same client 2 s after a probe without an answer, and not before', async () => {
    const { peers, probes, takesOver } = await setUp();
    probes.start();
    await peers.pass(10_000);
    expect(takesOver()).toBe(false);
    await peers.pass(1_950);
    expect(takesOver()).toBe(false);
    await peers.pass(50);
    expect(takesOver()).toBe(true);
  });

  it('keeps its lock if it answers within 2 s, or later but before the client requests it', async () => {
    const { peers, probes, holder, takesOver } = await setUp();
    probes.start();
    await peers.pass(11_900);
    hear(holder, peers.clock);
    await peers.pass(1_000);
    expect(takesOver()).toBe(false);
    await peers.pass(10_000);
    expect(takesOver()).toBe(true);
    hear(holder, peers.clock);
    expect(takesOver()).toBe(false);
  });

  it('is probed at once when its client has a new session', async () => {
    const { peers, probes, holder, again, takesOver } = await setUp();
    await peers.pass(2_000);
    probes.joined(again.session);
    expect(holder.probes).toEqual([3]);
    await peers.pass(2_000);
    expect(takesOver()).toBe(true);
  });

  it('is not probed for a session of another client, nor for one without a token', async () => {
    const { peers, probes, holder, again } = await setUp();
    await peers.pass(2_000);
    identify(again, 'token-2', 'desk');
    probes.joined(again.session);
    identify(again, 'token-1', 'another desk');
    probes.joined(again.session);
    again.session.grant = undefined;
    holder.session.grant = undefined;
    holder.session.name = again.session.name;
    probes.joined(again.session);
    expect(holder.probes).toEqual([]);
  });

  it('keeps its lock if its silence proves nothing', async () => {
    const { peers, probes, holder, takesOver } = await setUp();
    const { session } = peers.add({ link: { probe: undefined } });
    Object.assign(session, { grant: holder.session.grant, name: holder.session.name });
    lock({ ...holder, session });
    probes.start();
    await peers.pass(13_000);
    expect(takesOver()).toBe(true);
    expect(mayTakeOver(holder.session, session)).toBe(false);
  });

  it('keeps its lock in the grace period after a stall of the process', async () => {
    const { peers, probes, holder, takesOver } = await setUp();
    probes.start();
    await peers.pass(10_000);
    peers.clock.stall(10_000);
    await peers.pass(3_000);
    expect(takesOver()).toBe(false);
    hear(holder, peers.clock);
    await peers.pass(8_000);
    expect(takesOver()).toBe(false);
  });
});
