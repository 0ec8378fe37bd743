import { describe, expect, it } from '@jest/globals';
import { inputRead } from '../../support/steady-clock.js';
import { type HubUnderTest, type Peer, startHub } from './hub-under-test.js';

/*
 * Deadlines of sessions during a stall of the process. The peers have sent all the time; their input waits in the
 * sockets until the event loop turns.
 */

/** The router's handling of a batch that was read. */
function read({ session }: Peer, { clock }: HubUnderTest): void {
  session.lastActivityMicros = clock.now() * 1_000;
  session.lastReceivedMicros = clock.now() * 1_000;
}

/** The poll phase follows the timers, and the batch of the pipeline one turn later. */
function readInTwoTurns(peer: Peer, hub: HubUnderTest): void {
  setImmediate(() =>
    setImmediate(() => {
      read(peer, hub);
    }),
  );
}

describe('the idle limit', () => {
  it('ends no session whose input waited during a stall of twice the limit', async () => {
    const hub = startHub({ sessionTimeoutMs: 4_000 });
    const peers = [hub.connect(), hub.connect()];
    for (const peer of peers) peer.sayHello();
    for (let seconds = 0; seconds < 6; seconds++) {
      await hub.clock.pass(1_000);
      for (const peer of peers) read(peer, hub);
    }
    hub.clock.stall(8_000);
    for (const peer of peers) readInTwoTurns(peer, hub);
    await inputRead();
    await hub.clock.pass(3_000);
    expect(peers.map(({ session }) => session.phase)).toEqual(['active', 'active']);
  });

  it('ends no session whose input is read in the turn after the timers, without a stall', async () => {
    const hub = startHub({ sessionTimeoutMs: 4_000 });
    const peer = hub.connect();
    peer.sayHello();
    await hub.clock.pass(3_999);
    hub.clock.increment(1);
    readInTwoTurns(peer, hub);
    await inputRead();
    expect(peer.session.phase).toBe('active');
  });

  it('ends a session that stays silent until the grace period is over', async () => {
    const hub = startHub({ sessionTimeoutMs: 4_000 });
    const peer = hub.connect();
    peer.sayHello();
    await hub.clock.pass(1_000);
    hub.clock.stall(8_000);
    await hub.clock.pass(7_999);
    expect(peer.session.phase).toBe('active');
    await hub.clock.pass(1);
    expect(peer.session.phase).toBe('draining');
  });
});

describe('the log', () => {
  it('reports a stall of the process and a jump of the wall clock', async () => {
    const hub = startHub();
    hub.connect().sayHello();
    await hub.clock.pass(1_000);
    hub.clock.stall(8_000);
    await hub.clock.pass(1_000);
    hub.clock.aheadMs = -3_600_000;
    await hub.clock.pass(1_000);
    expect(hub.logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message)).toEqual([
      'the process stood still for 8.0 s; no peer is judged for the next 8.0 s',
      'the wall clock was set back by 3600.0 s',
    ]);
  });
});

describe('the HELLO deadline', () => {
  it('ends no session whose HELLO waited during a stall', async () => {
    const hub = startHub({ helloTimeoutMs: 10_000 });
    const peer = hub.connect();
    await hub.clock.pass(1_000);
    hub.clock.stall(45_000);
    await inputRead();
    peer.sayHello();
    await hub.clock.pass(60_000);
    expect(peer.session.phase).toBe('active');
  });

  it('ends a session that sends none until the grace period is over, without a session timeout too', async () => {
    const hub = startHub({ helloTimeoutMs: 10_000, sessionTimeoutMs: 0 });
    const { session } = hub.connect();
    hub.clock.stall(20_000);
    await hub.clock.pass(19_999);
    expect(session.phase).toBe('awaitingHello');
    await hub.clock.pass(1);
    expect(session.phase).toBe('draining');
  });
});

describe('the drain limit', () => {
  it('destroys no connection whose close response waited during a stall', async () => {
    const hub = startHub({ drainMs: 5_000 });
    const peer = hub.connect();
    peer.sayHello();
    hub.hub.send({ type: 'router.draining' });
    hub.clock.stall(10_000);
    await inputRead();
    expect(peer.session.phase).toBe('draining');
    peer.tell({ type: 'connection.closed' });
    expect(hub.drainedCalls()).toBe(1);
  });
});
