import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type AnyActor, createActor, type InspectionEvent, waitFor } from 'xstate';
import { connect } from '../../src/client/index.js';
import { connectionLink } from '../../src/client/connection-link.js';
import { type ClaspInput, fromClasp } from '../../src/embed/index.js';
import type { RouterOptions } from '../../src/router/router-options.js';
import { createRouter } from '../../src/router/create-router.js';
import { memory, type MemoryTransport } from '../../src/transports/memory/index.js';
import type { Transport } from '../../src/transports/transport.js';
import { claspIn, host } from './hosts.js';

/** Maximum JSON of one event, snapshot or action, in characters. The definition of a machine is separate. */
const MAX_LENGTH = 4_096;

let door: MemoryTransport;
let seen: { readonly what: string; readonly json: string }[];
let actors: Set<AnyActor>;

beforeEach(() => {
  door = memory();
  seen = [];
  actors = new Set();
});
let stop: () => void | Promise<void> = () => undefined;
afterEach(() => stop());

/** Serializes the inspection events of XState at once, as an inspector without configuration does. */
function inspect(event: InspectionEvent): void {
  const actor = event.actorRef as AnyActor; // XState inspects actors
  actors.add(actor);
  const named = event as { readonly event?: { readonly type: string }; readonly action?: { readonly type: string } };
  const what = `${event.type} ${named.event?.type ?? named.action?.type ?? ''} ${actor.id}`;
  // The context and the actions of the parent contain the input of this test, which has no JSON form.
  if (actor.logic === host && !(event.type === '@xstate.event' && event.event.type.startsWith('clasp.'))) return;
  seen.push({ what, json: JSON.stringify(event) });
}

/** Circular, as objects of programs often are. */
function circular<T extends object>(object: T): T {
  return Object.assign(object, { itself: object });
}

/** A transport whose object, listener and connections have no JSON form. */
function hostile(): Transport {
  const inner: Transport = door;
  return circular({
    name: 'hostile',
    listen: async () => {
      const { addresses, connections$, close } = await inner.listen();
      return circular({ addresses, connections$, close });
    },
  });
}

const silent = (): void => undefined;

function input(): ClaspInput {
  return { ...options(), subscribe: ['/**'] };
}

function options(): RouterOptions {
  return {
    transports: [hostile()],
    logger: circular({ debug: silent, info: silent, warn: silent, error: silent }),
    securityMode: 'open',
    authenticator: circular({ authenticate: () => Promise.reject(new Error('no')), onRevoked: () => silent }),
    state: {
      version: 1,
      params: Array.from({ length: 1_000 }, (_, i) => ({
        address: `/p/${i}`,
        value: { $bytes: 'AAAA' },
        revision: 1,
        writer: '',
        timestampMicros: 1,
      })),
      gone: [],
      signals: [],
    },
  };
}

/** A session that sends each kind of signal with values that JSON lacks, and a burst. */
async function converse(burst: number): Promise<void> {
  const client = await connect(connectionLink(() => door.connect()));
  await client.set('/int', 5n);
  await client.set('/bytes', new Uint8Array(1_000));
  await client.set('/map', new Map([['a', [1n, NaN]]]));
  client.stream('/stream', Float32Array.of(1, 2));
  client.gesture('/gesture', 1, 'start', 2n);
  client.timeline('/timeline', { keyframes: [{ time: 0, value: 1n }] });
  for (let i = 0; i < burst; i++) client.emit('/burst', 'a text of some length');
  await client.get('/int');
  await client.close();
}

describe('the events for an inspector of the parent system', () => {
  it('are serializable and at most 4 KiB each, for every event, action and snapshot of every actor', async () => {
    const actor = createActor(host, { input: input(), inspect }).start();
    stop = () => void actor.stop();
    const clasp = claspIn(actor);
    await waitFor(clasp, (snapshot) => snapshot.matches('running'), { timeout: Infinity });
    await converse(500);
    clasp.send({ type: 'clasp.listen', transport: memory() });
    clasp.send({ type: 'clasp.set', address: 'no address', value: 1 });
    clasp.send({ type: 'clasp.stop' });
    await waitFor(actor, (snapshot) => snapshot.matches('ended'), { timeout: Infinity });
    expect(seen.filter(({ json }) => json.length > MAX_LENGTH)).toEqual([]);
    const kinds = new Set(seen.map(({ what }) => what.split(' ')[1]));
    for (const kind of ['xstate.init', 'listener.requested', 'connection.opened', 'session.opened', 'inbound.batch']) {
      expect(kinds).toContain(kind);
    }
  });

  it('state the numbers of frames and reads of a batch', async () => {
    const actor = createActor(host, { input: { transports: [door] }, inspect }).start();
    stop = () => void actor.stop();
    await waitFor(claspIn(actor), (snapshot) => snapshot.matches('running'), { timeout: Infinity });
    await converse(200);
    const batches = seen
      .filter(({ what }) => what === '@xstate.event inbound.batch router')
      .map(({ json }) => (JSON.parse(json) as { readonly event: object }).event);
    expect(batches).toContainEqual({ type: 'inbound.batch', batches: 204, frames: 204 });
  });

  it('have the Ints, bytes and maps of signals in the form of CLASP’s JSON encoding', async () => {
    const actor = createActor(host, { input: { transports: [door], subscribe: ['/**'] }, inspect }).start();
    stop = () => void actor.stop();
    await waitFor(claspIn(actor), (snapshot) => snapshot.matches('running'), { timeout: Infinity });
    await converse(1);
    const told = seen
      .filter(({ what }) => /^@xstate\.event clasp\.(param|signal)/.test(what))
      .map(({ json }) => (JSON.parse(json) as { readonly event: object }).event);
    expect(told).toMatchObject([
      { type: 'clasp.param', subscription: '/**', address: '/int', value: { $int: '5' }, revision: 1 },
      { address: '/bytes', value: { $bytes: expect.stringMatching(/^A{1333}/) } },
      { address: '/map', value: { a: [{ $int: '1' }, { $float: 'NaN' }] } },
      { type: 'clasp.signal', signal: { kind: 'stream', samples: [1, 2] } },
      { signal: { kind: 'gesture', id: 1, phase: 'start', value: { $int: '2' } } },
      { signal: { kind: 'timeline', timeline: { keyframes: [{ time: 0, value: { $int: '1' } }] } } },
      { signal: { kind: 'event', value: 'a text of some length' } },
    ]);
  });
});

describe('the snapshots of all actors', () => {
  it('have a JSON form, live and persisted', async () => {
    const actor = createActor(host, { input: input(), inspect }).start();
    stop = () => void actor.stop();
    await waitFor(claspIn(actor), (snapshot) => snapshot.matches('running'), { timeout: Infinity });
    const client = await connect(connectionLink(() => door.connect()));
    await client.set('/int', 5n);
    const faders = createActor(fromClasp('/**'), {
      input: { router: claspIn(actor).getSnapshot().context.router },
      inspect,
    }).start();
    await client.ping();
    const ids = [...actors].map((one) =>
      one === (actor as AnyActor) ? 'host' : one.id.replace(/^[\da-f-]{36}$/, 'session'),
    );
    expect(ids).toEqual(
      expect.arrayContaining(['host', 'clasp', 'root', 'router', 'sessions', 'listener:1', 'acceptor', 'session']),
    );
    expect(actors.has(faders)).toBe(true);
    for (const one of actors) {
      if (one === (actor as AnyActor)) continue; // its context belongs to this test
      expect(() => JSON.stringify(one.getSnapshot())).not.toThrow();
      expect(() => JSON.stringify(one.getPersistedSnapshot())).not.toThrow();
    }
    faders.stop();
    await client.close();
  });

  it('have a JSON form for a router of createRouter as well', async () => {
    const router = createRouter({ ...options(), inspect });
    stop = () => router.stop();
    await router.start();
    await converse(10);
    expect(JSON.parse(JSON.stringify({ router }))).toMatchObject({
      router: { status: 'active', state: 'running', addresses: ['memory:'] },
    });
    for (const one of actors) {
      expect(() => JSON.stringify(one.getSnapshot())).not.toThrow();
      expect(() => JSON.stringify(one.getPersistedSnapshot())).not.toThrow();
    }
  });
});
