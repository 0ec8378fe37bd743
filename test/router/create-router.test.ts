import { describe, expect, it } from '@jest/globals';
import { createActor, type InspectionEvent, setup, waitFor } from 'xstate';
import { createRouter } from '../../src/index.js';
import { memory } from '../../src/transports/index.js';
import { parseRouterOptions, rootInput, rootMachine } from '../../src/embed/index.js';
import { fakeTransport } from '../actors/listener/fake-transport.js';
import { turns } from '../support/inbox.js';
import { startRouter, Client } from './router-under-test.js';

describe('a logger that throws', () => {
  it('does not affect the router', async () => {
    const fail = (): never => {
      throw new Error('the disk is full');
    };
    const router = createRouter({ logger: { debug: fail, info: fail, warn: fail, error: fail } });
    const transport = memory();
    await router.listen(transport);
    const client = await router.connect();
    await expect(client.set('/a', 1)).resolves.toMatchObject({ revision: 1 });
    await router.stop();
    expect(router.addresses).toEqual([]);
  });
});

describe('stopping', () => {
  it('sends a close to every session, after its queued data', async () => {
    const { router, transport } = await startRouter();
    const clients = [new Client(transport), new Client(transport)];
    await Promise.all(clients.map((client) => client.sayHello()));
    for (const client of clients) {
      client.link.stall();
      client.send({ type: 'ping' });
    }
    await turns(2);
    const stopped = router.stop();
    for (const client of clients) client.link.resume();
    await stopped;
    for (const client of clients) {
      expect(await client.inbox.ended).toBe('completed');
      expect(client.received.at(-1)).toEqual({ type: 'pong' });
      expect(client.link.closeReason).toEqual({ kind: 'goingAway', text: 'The router is shutting down' });
    }
    expect(router.addresses).toEqual([]);
    expect(router.sessionCount).toBe(0);
  });

  it('is complete at once without sessions, and can be repeated', async () => {
    const router = createRouter();
    const stopped = router.stop();
    expect(router.stop()).toBe(stopped);
    await stopped;
    await router.stop();
    expect(router.actor.getSnapshot().value).toBe('stopped');
  });

  it('disconnects the remaining sessions after the drain time', async () => {
    const { router, transport, clock } = await startRouter({ drainTimeoutSeconds: 1 });
    const frozen = new Client(transport);
    await frozen.sayHello();
    frozen.link.stall();
    let done = false;
    const stopped = router.stop().then(() => {
      done = true;
    });
    clock.increment(999);
    await turns(2);
    expect(done).toBe(false);
    clock.increment(1);
    await stopped;
    expect(await frozen.inbox.ended).toMatchObject({ name: 'ConnectionLost' });
  });

  it('does not wait longer for a listener that does not close', async () => {
    const { router, clock } = await startRouter({ drainTimeoutSeconds: 1 });
    const transport = fakeTransport();
    const listening = router.listen(transport);
    transport.open();
    await listening;
    const stopped = router.stop();
    clock.increment(1_000);
    await stopped;
  });

  it('frees the ports for another router', async () => {
    const { router, transport } = await startRouter();
    await router.stop();
    const another = createRouter();
    await another.listen(transport);
    await another.stop();
  });
});

describe('as an actor inside another system', () => {
  const show = setup({ actors: { router: rootMachine } }).createMachine({
    initial: 'on',
    invoke: {
      id: 'clasp',
      src: 'router',
      input: rootInput(parseRouterOptions({ name: 'embedded' })),
      onDone: '.off',
    },
    states: {
      on: {
        on: {
          curtain: { actions: ({ self }) => self.getSnapshot().children.clasp?.send({ type: 'router.stopping' }) },
        },
      },
      off: { type: 'final' },
    },
  });

  it('listens, serves and stops', async () => {
    const actor = createActor(show).start();
    const transport = memory();
    actor.getSnapshot().children.clasp?.send({ type: 'listener.requested', id: 'stage', transport });
    await turns(); // the transport opens its listener
    const client = new Client(transport);
    await client.sayHello();
    expect(client.received[0]).toMatchObject({ type: 'welcome', name: 'embedded' });
    actor.send({ type: 'curtain' });
    await waitFor(actor, ({ status }) => status === 'done');
    expect(await client.inbox.ended).toBe('completed');
  });
});

describe('inspected', () => {
  it('shows every actor and its events, including sessions', async () => {
    const seen: InspectionEvent[] = [];
    const { transport } = await startRouter({
      newId: () => 'one',
      inspect: (event) => {
        seen.push(event);
      },
    });
    await new Client(transport).sayHello();
    const actors = seen.filter(({ type }) => type === '@xstate.actor');
    const ids = actors.map(({ actorRef }) => ('id' in actorRef ? actorRef.id : ''));
    expect(ids).toEqual(expect.arrayContaining(['router', 'sessions', 'listener:1', 'one']));
    const told = seen.flatMap((event) => (event.type === '@xstate.event' ? [event.event.type] : []));
    expect(told).toEqual(expect.arrayContaining(['connection.opened', 'hello.accepted', 'inbound.batch']));
  });
});
