import { afterEach, describe, expect, it } from '@jest/globals';
import { type AnyActorRef, createActor, type InspectionEvent, setup, waitFor } from 'xstate';
import {
  ClaspError,
  createRouter,
  ErrorCode,
  type Router,
  type RouterOptions,
  TransportError,
} from '../../src/index.js';
import { memory, type MemoryTransport } from '../../src/transports/index.js';
import { parseRouterOptions, rootInput, rootMachine } from '../../src/embed/index.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import type { MemoryClient } from '../../src/transports/memory/index.js';
import { udp } from '../../src/transports/udp/index.js';
import { fakeTransport } from '../actors/listener/fake-transport.js';
import { recordingLogger } from '../actors/session/recording-logger.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { SteadyClock, WallClock } from '../support/steady-clock.js';

const hello: Message = { type: 'hello', version: 1, name: 'desk', features: ['param'] };

let routers: Router[] = [];

afterEach(async () => {
  const open = routers;
  routers = [];
  await Promise.all(open.map((router) => router.stop()));
});

interface RouterUnderTest {
  readonly router: Router;
  readonly transport: MemoryTransport;
  readonly clock: SteadyClock;
  readonly logger: ReturnType<typeof recordingLogger>;
}

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

async function startRouter(options: RouterOptions = {}): Promise<RouterUnderTest> {
  const clock = new SteadyClock();
  const logger = recordingLogger();
  const router = createRouter({ clock, logger, ...options });
  routers.push(router);
  const transport = memory({ clock });
  await router.listen(transport);
  return { router, transport, clock, logger };
}

/** A peer of the router that reads its input. */
class Client {
  readonly link: MemoryClient;
  readonly inbox: Inbox;

  constructor(transport: MemoryTransport) {
    this.link = transport.connect();
    this.inbox = new Inbox(this.link.batches$);
  }

  send(...messages: readonly Message[]): void {
    this.link.write(Buffer.concat(messages.map((message) => encodeFrame(message))));
  }

  get received(): readonly Message[] {
    return this.inbox.frames.map((frame) => decodeFrame(frame as Uint8Array).message); // no peer uses JSON here
  }

  async sayHello(): Promise<void> {
    this.send(hello);
    await this.inbox.receive(2);
  }
}

describe('a router that requires tokens', () => {
  it('opens no unencrypted listener unless an option permits it', async () => {
    const { router } = await startRouter({ securityMode: 'authenticated' });
    await expect(router.listen(udp({ host: '127.0.0.1', port: 0 }))).rejects.toThrow(
      new TransportError(
        'this router requires tokens, and udp would send them unencrypted; ' +
          'do not open it, or permit it with the option allowInsecureUdp',
      ),
    );
    const told = await startRouter({ securityMode: 'authenticated', allowInsecureUdp: true });
    await expect(told.router.listen(udp({ host: '127.0.0.1', port: 0 }))).resolves.toHaveLength(1);
    const open = await startRouter();
    await expect(open.router.listen(udp({ host: '127.0.0.1', port: 0 }))).resolves.toHaveLength(1);
  });
});

describe('listening', () => {
  it('needs three lines', async () => {
    const router = createRouter();
    expect(await router.listen(memory())).toEqual(router.addresses);
    await router.stop();
  });

  it('serves the same params on all listeners', async () => {
    const { router, transport } = await startRouter();
    const second = memory();
    await router.listen(second);
    expect(router.addresses).toHaveLength(2);
    const [writer, reader] = [new Client(transport), new Client(second)];
    await Promise.all([writer.sayHello(), reader.sayHello()]);
    reader.send({ type: 'subscribe', id: 1, pattern: '/**' });
    await turns(2);
    writer.send({ type: 'set', address: '/lights/1', value: encodeValue(1) });
    await reader.inbox.receive(3);
    expect(reader.received.at(-1)).toMatchObject({ type: 'set', address: '/lights/1', revision: 1 });
  });

  it('rejects with the error of the transport if a listener does not open, and the router continues', async () => {
    const { router, transport } = await startRouter();
    await expect(router.listen(transport)).rejects.toBeInstanceOf(TransportError);
    await expect(router.listen(transport)).rejects.toThrow('this in-memory transport is already listening');
    expect(router.addresses).toHaveLength(1);
    await new Client(transport).sayHello();
  });

  it('reopens a failed listener', async () => {
    const { router, clock } = await startRouter();
    const transport = fakeTransport();
    const listening = router.listen(transport);
    const listener = transport.open();
    await listening;
    listener.connections$.error(new Error('broken'));
    expect(router.addresses).toHaveLength(1);
    clock.increment(1_000);
    transport.open().finishClosing();
    await turns();
    expect(transport.attempts()).toBe(2);
    listener.finishClosing();
  });

  it('is refused after a stop, with one sentence', async () => {
    const { router } = await startRouter();
    await router.stop();
    await expect(router.listen(memory())).rejects.toThrow('the router was stopped; it cannot listen on memory');
  });

  it('is canceled if the router is stopped meanwhile, and a listener that opens too late is closed', async () => {
    const router = createRouter();
    const transport = fakeTransport();
    const listening = router.listen(transport);
    const stopped = router.stop();
    const listener = transport.open();
    listener.finishClosing();
    await expect(listening).rejects.toThrow('the router was stopped before it could listen');
    await stopped;
    expect(listener.closeCalls()).toBe(1);
  });
});

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

  it('that writes and leaves in one read has written', async () => {
    const { router, transport } = await startRouter();
    const hasty = new Client(transport);
    hasty.send(hello, { type: 'set', address: '/a', value: encodeValue(1) });
    hasty.link.close({ kind: 'normal', text: '' });
    await until(() => router.sessionCount === 0);
    const late = new Client(transport);
    await late.sayHello();
    expect(late.received[1]).toMatchObject({ type: 'snapshot', params: [{ address: '/a', revision: 1 }] });
  });

  it('above the limit gets an ERROR and is closed', async () => {
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

  it('without HELLO gets an ERROR after 10 s and is closed', async () => {
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

  it('that becomes silent gets an ERROR and is closed; one that sends PINGs is not', async () => {
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

  it('whose connection breaks ends as lost, with one line in the log', async () => {
    const { router, transport, logger } = await startRouter();
    const client = new Client(transport);
    await client.sayHello();
    client.link.destroy();
    await until(() => router.sessionCount === 0);
    expect(logger.lines.filter(({ message }) => message === 'session ended')).toMatchObject([
      { level: 'info', fields: { name: 'desk', transport: 'memory', remoteAddress: 'memory:1', reason: 'lost' } },
    ]);
  });

  it('above its rate gets an ERROR and stays', async () => {
    const { transport } = await startRouter({ maxMessagesPerSecond: 3 });
    const client = new Client(transport);
    await client.sayHello();
    client.send(...Array.from({ length: 10 }, (): Message => ({ type: 'ping' })));
    await client.inbox.receive(5);
    expect(client.received.slice(2).map(({ type }) => type)).toEqual(['pong', 'pong', 'error']);
    expect(client.received.at(-1)).toMatchObject({ code: 429 });
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

describe('an internal error', () => {
  it('in the data plane ends the router and not the process: all sessions are disconnected, the log has the reason', async () => {
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

  it('in the hub does not affect sessions', async () => {
    const { router, transport, logger } = await startRouter();
    const hub: AnyActorRef | undefined = router.actor.getSnapshot().children.sessions;
    hub?.send({ type: 'connection.opened' }); // without a connection: only a bug in the router can send this
    expect(logger.lines.at(-1)).toMatchObject({ level: 'error' });
    await new Client(transport).sayHello();
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

describe('the statistics of a router', () => {
  it('count messages by type, errors by code, bytes in both directions and refused sessions', async () => {
    const { router, transport } = await startRouter({
      authenticator: {
        authenticate: (token) =>
          token === 'good'
            ? Promise.resolve({
                tokenId: '1',
                subject: undefined,
                scopes: [],
                constraints: [],
                expiresAtSeconds: undefined,
              })
            : Promise.reject(new ClaspError(ErrorCode.Unauthorized, 'Invalid token: token not found')),
        onRevoked: () => () => undefined,
      },
    });
    const [good, bad] = [new Client(transport), new Client(transport)];
    good.send({ ...hello, token: 'good' });
    bad.send({ ...hello, token: 'bad' });
    await until(() => good.inbox.frames.length >= 2 && bad.inbox.end !== undefined);
    good.send({ type: 'get', address: '/a' }, { type: 'ping' }, { type: 'ping' });
    await until(() => good.inbox.frames.length >= 5);
    const { messages, errors, totals, authFailures, counts, rejectedConnections } = router.statistics();
    expect(messages).toMatchObject({ hello: 2, get: 1, ping: 2, set: 0 });
    expect(errors).toEqual({ [ErrorCode.Unauthorized]: 1, [ErrorCode.Forbidden]: 1 });
    expect(authFailures).toBe(1);
    expect(counts.sessions).toBe(1);
    const sent = good.inbox.frames.reduce((sum, frame) => sum + frame.length, 0);
    expect(totals.sentBytes).toBeGreaterThanOrEqual(sent);
    const asked = [hello, { type: 'get', address: '/a' }, { type: 'ping' }, { type: 'ping' }] as const;
    expect(totals.receivedBytes).toBeGreaterThan(
      asked.reduce((sum, message) => sum + encodeFrame(message).length, 0), // and the token
    );
    expect(rejectedConnections).toEqual({ handshake: 0, timeout: 0, refused: 0, unsolicited: 0 });
  });

  it('report ready while all listeners are open', async () => {
    const router = createRouter();
    routers.push(router);
    expect(router.isReady).toBe(true);
    let open = (): void => undefined;
    const slow = memory();
    const opening = router.listen({
      name: 'slow',
      listen: () => new Promise((resolve) => (open = () => void slow.listen().then(resolve))),
    });
    await turns();
    expect(router.isReady).toBe(false);
    open();
    await opening;
    expect(router.isReady).toBe(true);
    const stopped = router.stop();
    expect(router.isReady).toBe(false);
    await stopped;
    expect(() => router.statistics()).toThrow(expect.objectContaining({ code: 'CLASP_ERR_ROUTER_STOPPED' }));
  });

  it('show hidden params after a notification that the filter has changed', async () => {
    let visible = false;
    const { router, transport } = await startRouter({ isVisible: () => visible });
    const [hearer, speaker] = [new Client(transport), new Client(transport)];
    hearer.send(hello, { type: 'subscribe', id: 1, pattern: '/**' });
    speaker.send(hello);
    await until(() => hearer.inbox.frames.length >= 2 && speaker.inbox.frames.length >= 2);
    const set: Message = { type: 'set', address: '/a', value: encodeValue(1) };
    speaker.send(set);
    await until(() => speaker.inbox.frames.length >= 3); // the ACK
    expect(hearer.inbox.frames).toHaveLength(2);
    visible = true;
    router.refreshVisibility();
    speaker.send(set);
    await until(() => hearer.inbox.frames.length >= 3);
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
