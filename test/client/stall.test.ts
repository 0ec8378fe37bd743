import { describe, expect, it } from '@jest/globals';
import { turns } from '../support/inbox.js';
import { inputRead } from '../support/steady-clock.js';
import { ack, kept, welcome } from './scripted-router.js';
import { clients, connect, router } from './watched-clients.js';

// A client whose program was stopped, suspended or blocked. The answers of the router wait in the socket until the
// event loop continues.

/** Runs in the turn after the timers, in which sockets are read. */
function whenRead(read: () => Promise<void>): void {
  setImmediate(() => {
    void read();
  });
}

describe('a stalled client', () => {
  it('keeps a router whose answers waited unread', async () => {
    const { changes } = await connect({ keepAliveMs: 500 });
    router.answersSyncs = false;
    await router.advance(500);
    router.clock.stall(6_000);
    whenRead(() => router.latest.answerSyncs());
    await inputRead();
    router.answersSyncs = true;
    await router.advance(10_000);
    expect(changes).toEqual([]);
  });

  it('loses a router that stays silent in the grace period', async () => {
    const { changes } = await connect({ keepAliveMs: 500, reconnect: false });
    router.answersSyncs = false;
    router.clock.stall(6_000);
    await router.advance(5_999);
    expect(changes).toEqual([]);
    await router.advance(501); // the next keep-alive checks
    expect(changes[0]?.reason?.message).toMatch(/^the router has been silent for 1[23] s$/);
  });

  it('sends a keep-alive immediately, so that the router does not lose it', async () => {
    await connect({ keepAliveMs: 10_000 });
    const before = router.latest.all('sync').length;
    router.clock.stall(45_000);
    await turns(2);
    expect(router.latest.all('sync')).toHaveLength(before + 1);
  });

  it('resolves a request whose answer waited unread past its timeout', async () => {
    const { client } = await connect({ ackTimeoutMs: 1_000 });
    const set = kept(client.set('/a', 1));
    await turns();
    router.clock.stall(6_000);
    whenRead(() => router.latest.say(ack('/a', 7)));
    expect(await set).toMatchObject({ revision: 7 });
  });

  it('connects to a router whose WELCOME waited unread past the timeout', async () => {
    router.answers = () => [];
    const attempt = kept(router.connect({ connectTimeoutMs: 5_000 }));
    await turns(2);
    router.clock.stall(8_000);
    whenRead(() => router.latest.say(welcome('session-1')));
    const client = await attempt;
    clients.push(client);
    expect(client.state).toBe('open');
  });

  it('does not cut off a close whose answer waited unread', async () => {
    const { client } = await connect({ keepAliveMs: 0 });
    router.latest.connection.stall();
    const closed = client.close();
    await turns();
    router.clock.stall(6_000);
    whenRead(() => {
      router.latest.connection.resume();
      return turns();
    });
    await closed;
    expect(router.latest.connection.closeReason).toEqual({ kind: 'normal', text: 'the client was closed' });
  });
});

describe('a client whose wall clock jumps', () => {
  it('compares its clock with the router’s within a second', async () => {
    await connect({ keepAliveMs: 600_000 });
    const before = router.latest.all('sync').length;
    router.clock.aheadMs = 3_600_000;
    await router.advance(1_000);
    expect(router.latest.all('sync')).toHaveLength(before + 1);
  });
});
