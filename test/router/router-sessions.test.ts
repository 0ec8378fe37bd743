import { describe, expect, it } from '@jest/globals';
import { type AnyActorRef } from 'xstate';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { turns, until } from '../support/inbox.js';
import { WallClock } from '../support/steady-clock.js';
import { hello, startRouter, Client } from './router-under-test.js';

describe('a session', () => {
  it('gets WELCOME and SNAPSHOT for its HELLO', async () => {
    const { router, transport } = await startRouter({ name: 'Stage left', newId: () => 'session-1' });
    const client = new Client(transport);
    expect(router.sessionCount).toBe(1);
    await client.sayHello();
    expect(client.received).toMatchObject([
      { type: 'welcome', name: 'Stage left', session: 'session-1' },
      { type: 'snapshot', params: [] },
    ]);
  });

  it('keeps what a session wrote that writes and leaves in one read', async () => {
    const { router, transport } = await startRouter();
    const hasty = new Client(transport);
    hasty.send(hello, { type: 'set', address: '/a', value: encodeValue(1) });
    hasty.link.close({ kind: 'normal', text: '' });
    await until(() => router.sessionCount === 0);
    const late = new Client(transport);
    await late.sayHello();
    expect(late.received[1]).toMatchObject({ type: 'snapshot', params: [{ address: '/a', revision: 1 }] });
  });

  it('closes a session above the limit with an ERROR', async () => {
    const { router, transport } = await startRouter({ maxSessions: 1 });
    await new Client(transport).sayHello();
    const refused = new Client(transport);
    expect(await refused.inbox.ended).toBe('completed');
    expect(refused.received).toMatchObject([
      { type: 'error', code: 503, message: 'Too many sessions: the limit is 1' },
    ]);
    expect(refused.link.closeReason?.kind).toBe('overloaded');
    expect(router.sessionCount).toBe(1);
  });

  it('closes a session without HELLO with an ERROR after 10 s', async () => {
    const { transport, clock } = await startRouter();
    const silent = new Client(transport);
    clock.increment(10_000);
    expect(await silent.inbox.ended).toBe('completed');
    expect(silent.received).toMatchObject([{ type: 'error', code: 502 }]);
    expect(silent.link.closeReason?.kind).toBe('policy');
  });

  it('gets the protocol’s time, which follows the wall clock forward and never goes back', async () => {
    const clock = new WallClock();
    clock.set(1_000);
    const { transport } = await startRouter({ clock });
    const timeOfWelcome = async (): Promise<unknown> => {
      const client = new Client(transport);
      await client.sayHello();
      const [welcome] = client.received;
      return welcome?.type === 'welcome' ? welcome.time : undefined;
    };
    expect(await timeOfWelcome()).toBe(1_000_000);
    clock.aheadMs = 900; // the maximum lead of a slewed clock
    expect(await timeOfWelcome()).toBe(1_000_000);
    clock.aheadMs = 28_800_000;
    expect(await timeOfWelcome()).toBe(28_801_000_000);
    clock.aheadMs = 0;
    expect(await timeOfWelcome()).toBe(28_801_000_000);
    clock.aheadMs = 28_802_000;
    expect(await timeOfWelcome()).toBe(28_803_000_000);
  });

  it('closes a silent session with an ERROR, and keeps one that sends PINGs', async () => {
    const { transport, clock } = await startRouter({ sessionTimeoutSeconds: 8 });
    const [silent, pinging] = [new Client(transport), new Client(transport)];
    await Promise.all([silent.sayHello(), pinging.sayHello()]);
    for (let seconds = 0; seconds < 8; seconds += 2) {
      clock.increment(2_000);
      pinging.send({ type: 'ping' });
      await turns(2);
    }
    expect(await silent.inbox.ended).toBe('completed');
    expect(silent.received.at(-1)).toMatchObject({ type: 'error', code: 502 });
    expect(pinging.inbox.end).toBeUndefined();
  });

  it('ends a session whose connection breaks as lost, with one line in the log', async () => {
    const { router, transport, logger } = await startRouter();
    const client = new Client(transport);
    await client.sayHello();
    client.link.destroy();
    await until(() => router.sessionCount === 0);
    expect(logger.lines.filter(({ message }) => message === 'session ended')).toMatchObject([
      { level: 'info', fields: { name: 'desk', transport: 'memory', remoteAddress: 'memory:1', reason: 'lost' } },
    ]);
  });

  it('sends a session above its rate an ERROR and keeps it', async () => {
    const { transport } = await startRouter({ maxMessagesPerSecond: 3 });
    const client = new Client(transport);
    await client.sayHello();
    client.send(...Array.from({ length: 10 }, (): Message => ({ type: 'ping' })));
    await client.inbox.receive(5);
    expect(client.received.slice(2).map(({ type }) => type)).toEqual(['pong', 'pong', 'error']);
    expect(client.received.at(-1)).toMatchObject({ code: 429 });
  });
});

describe('an internal error', () => {
  it('ends the router and not the process after an error in the data plane: all sessions are disconnected, the log has the reason', async () => {
    const { router, transport, logger } = await startRouter();
    const client = new Client(transport);
    await client.sayHello();
    const dataPlane: AnyActorRef | undefined = router.actor.getSnapshot().children.router;
    dataPlane?.send({ type: 'inbound.batch' }); // without batches: only a bug in the router can send this
    expect(router.actor.getSnapshot()).toMatchObject({ value: 'failed', output: { error: expect.any(TypeError) } });
    expect(logger.lines.filter(({ level }) => level === 'error')).toMatchObject([
      { message: 'internal error: the router has stopped' },
    ]);
    expect(await client.inbox.ended).toMatchObject({ name: 'ConnectionLost' });
    expect(router.addresses).toEqual([]);
    expect(router.sessionCount).toBe(0);
    await router.stop();
  });

  it('keeps the sessions after an error in the hub', async () => {
    const { router, transport, logger } = await startRouter();
    const hub: AnyActorRef | undefined = router.actor.getSnapshot().children.sessions;
    hub?.send({ type: 'connection.opened' }); // without a connection: only a bug in the router can send this
    expect(logger.lines.at(-1)).toMatchObject({ level: 'error' });
    await new Client(transport).sayHello();
  });
});

describe('a hook that throws', () => {
  it('is logged at most once per second, with the number of omitted lines', async () => {
    const { transport, clock, logger } = await startRouter({
      validateWrite: () => {
        throw new Error('broken');
      },
    });
    const client = new Client(transport);
    await client.sayHello();
    const set: Message = { type: 'set', address: '/a', value: encodeValue(1) };
    const lines = (): unknown[] => logger.lines.filter(({ message }) => message === 'internal error in a hook');
    client.send(set, set, set);
    await client.inbox.receive(2 + 3);
    expect(lines()).toHaveLength(1);
    clock.increment(1_000);
    client.send(set);
    await client.inbox.receive(2 + 4);
    expect(lines()).toMatchObject([{ fields: { hook: 'validateWrite' } }, { fields: { more: 2 } }]);
  });
});
