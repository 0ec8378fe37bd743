import { afterEach, describe, expect, it } from '@jest/globals';
import { type AddressInfo } from 'node:net';
import { createBrowserReceiver, createWebSocketInspector } from '@statelyai/inspect';
import { WebSocketServer } from 'ws';
import { createActor, type InspectionEvent, SimulatedClock } from 'xstate';
import { silentLogger } from '../../../src/core/ports.js';
import { sessionMachine } from '../../../src/actors/session/session-machine.js';
import { createStatelyStream, feedRelay } from '../../../src/inspector/stately/index.js';
import { recordingPort } from '../../actors/session/session-under-test.js';
import { until } from '../../support/inbox.js';
import { definitionOf, InspectedSystem, type Message, sanitize } from './inspected-system.js';
import { smallMachine } from './small-machine.js';

let cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.reverse()) cleanup();
  cleanups = [];
});

interface Ear {
  readonly url: string;
  /** Resolves with the messages of the peer at that path, once it has disconnected. */
  said(path: string): Promise<readonly Message[]>;
}

async function listeningServer(): Promise<Ear> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  const said = new Map<string, readonly Message[]>();
  server.on('connection', (socket, { url }) => {
    const messages: Message[] = [];
    socket.on('close', () => said.set(url ?? '', messages));
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as Message));
  });
  cleanups.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `ws://127.0.0.1:${port}`,
    async said(path) {
      await until(() => said.has(path));
      return said.get(path)!; // it has disconnected
    },
  };
}

/** Returns the messages of the package's own inspector and of the router's, for one actor system. */
async function bothAccounts(
  start: (inspect: (event: InspectionEvent) => void, clock: SimulatedClock) => () => void,
  steps: number,
): Promise<{ readonly theirs: readonly Message[]; readonly ours: readonly Message[] }> {
  const { url, said } = await listeningServer();
  const inspector = createWebSocketInspector({ url: `${url}/theirs` });
  cleanups.push(() => {
    inspector.stop();
  });
  const system = new InspectedSystem();
  const clock = new SimulatedClock();
  const stream = createStatelyStream(system, { sanitize, clock });
  const relay = feedRelay({ url: `${url}/ours`, stream, logger: silentLogger, clock });
  cleanups.push(() => {
    relay.close();
  });
  await until(() => system.listenerCount === 1);
  const step = start((event) => {
    inspector.inspect.next?.(event);
    system.inspect(event);
  }, clock);
  for (let done = 0; done < steps; done++) {
    if (done > 0) step();
    clock.increment(50); // each step becomes a batch of its own, with all snapshots
    await theirsCaughtUp();
  }
  await until(() => Reflect.get(inspector.adapter, 'status') === 'open');
  inspector.stop();
  relay.close();
  return { theirs: await said('/theirs'), ours: await said('/ours') };
}

/** The package waits for a timer of 0 ms before it reads an event; timers of the same length fire in order. */
function theirsCaughtUp(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Removes the times and parses the definition: the package sorts its keys. */
function comparable({ createdAt, definition, ...message }: Message): object {
  expect(createdAt).toEqual(expect.stringMatching(/^\d+$/));
  return { ...message, ...(definition !== undefined && { definition: definitionOf({ definition }) }) };
}

describe('compared with @statelyai/inspect', () => {
  it('sends the same messages for a machine and its children, field for field', async () => {
    const { theirs, ours } = await bothAccounts((inspect, clock) => {
      const actor = createActor(smallMachine, { inspect, clock, input: { name: 'one' } });
      actor.start();
      const steps = [
        () => {
          actor.send({ type: 'go', by: 1 });
        },
        () => {
          actor.send({ type: 'go', by: 2 });
        },
        () => {
          clock.increment(1_000);
        },
        () => {
          actor.send({ type: 'end' });
        },
      ];
      return () => steps.shift()?.();
    }, 5);
    expect(theirs.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['@xstate.actor', '@xstate.event', '@xstate.snapshot']),
    );
    expect(theirs.length).toBeGreaterThan(15);
    expect(ours.map(comparable)).toEqual(theirs.map(comparable));
  });

  it('sends the same messages for a session', async () => {
    const { theirs, ours } = await bothAccounts((inspect, clock) => {
      const input = { id: 's1', transport: 'memory', remoteAddress: 'memory:1', port: recordingPort([]) };
      const actor = createActor(sessionMachine, { inspect, clock, input });
      actor.start();
      const steps = [
        () => {
          actor.send({ type: 'connection.admitted' });
        },
        () => {
          actor.send({ type: 'hello.accepted', name: 'desk', features: ['param'] });
        },
        () => {
          actor.send({ type: 'connection.congested', bufferedBytes: 70_000 });
        },
        () => {
          actor.send({ type: 'connection.closed' });
        },
      ];
      return () => steps.shift()?.();
    }, 5);
    expect(theirs.length).toBe(11);
    expect(ours.map(comparable).map(withoutPort)).toEqual(theirs.map(comparable).map(withoutPort));
    const values = ours.flatMap(({ snapshot }) => (snapshot as { value?: string } | undefined)?.value ?? []);
    expect(values).toEqual(['connecting', 'connecting', 'awaitingHello', 'active', 'congested', 'closed']);
  });

  it("sends nothing that the package's browser receiver would reject", async () => {
    const { ours } = await bothAccounts((inspect, clock) => {
      const actor = createActor(smallMachine, { inspect, clock, input: { name: 'one' } });
      actor.start();
      return () => {
        actor.send({ type: 'go', by: 1 });
      };
    }, 2);
    const page = new PretendedPage();
    const taken: unknown[] = [];
    createBrowserReceiver({ window: page as never }) // the members of window that it uses, according to its source
      .subscribe((event) => taken.push(event));
    expect(page.posted).toEqual([{ type: '@statelyai.connected' }]);
    page.receive({ type: '@xstate.event' }); // without a version: not a message of the package
    for (const message of ours) page.receive(message);
    expect(ours.length).toBeGreaterThan(5);
    expect(taken).toEqual(ours);
  });
});

/** A port consists of functions. How they are shown depends on `sanitize`. */
function withoutPort(message: object): unknown {
  return JSON.parse(JSON.stringify(message, (key, value: unknown) => (key === 'port' ? undefined : value)));
}

/** The part of a page's window that the package's receiver uses. */
class PretendedPage {
  readonly posted: unknown[] = [];
  readonly self = this;
  readonly top = this;
  readonly opener = { postMessage: (message: unknown) => void this.posted.push(message) };
  readonly #listeners: ((event: { readonly data: unknown }) => void)[] = [];

  addEventListener(_: 'message', listener: (event: { readonly data: unknown }) => void): void {
    this.#listeners.push(listener);
  }

  receive(data: unknown): void {
    for (const listener of this.#listeners) listener({ data });
  }
}
