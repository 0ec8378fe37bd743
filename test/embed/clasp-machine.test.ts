import { describe, expect, it } from '@jest/globals';
import { type AnyActorRef, createActor, setup, waitFor } from 'xstate';
import { connect } from '../../src/client/index.js';
import { connectionLink } from '../../src/client/connection-link.js';
import { type ClaspEvent, claspMachine, RestoreError } from '../../src/embed/index.js';
import { ErrorCode } from '../../src/protocol/errors.js';
import { memory } from '../../src/transports/memory/index.js';
import type { Service } from '../../src/router/service.js';
import { claspIn, host, told } from './hosts.js';
import { begun, start, heard, broken } from './started-host.js';

describe('a router that a machine invokes', () => {
  it('notifies its parent of sessions, params and other signals', async () => {
    const door = memory();
    const actor = await start({
      transports: [door],
      subscribe: ['/lights/**', { pattern: '/cue/*', types: ['event'], id: 'cues' }],
    });
    const guest = await connect(
      connectionLink(() => door.connect()),
      { name: 'guest' },
    );
    await guest.set('/lights/1', 0.5);
    guest.emit('/cue/go', 'now');
    guest.gesture('/cue/go', 1, 'start'); // of another type than the subscription
    await heard(actor, (events) => told(events, 'clasp.signal').length > 0);
    const { session } = guest;
    await guest.close();
    await heard(actor, (events) => told(events, 'clasp.session.closed').length > 0);
    expect(actor.getSnapshot().context.heard).toMatchObject([
      { type: 'clasp.listening', addresses: [{ transport: 'memory' }] },
      { type: 'clasp.session.opened', id: session, name: 'guest', transport: 'memory' },
      {
        type: 'clasp.param',
        subscription: '/lights/**',
        address: '/lights/1',
        value: 0.5,
        revision: 1,
      },
      { type: 'clasp.signal', subscription: 'cues', signal: { kind: 'event', address: '/cue/go', value: 'now' } },
      { type: 'clasp.session.closed', id: session, name: 'guest', reason: 'left' },
    ]);
  });

  it('starts its services before its listeners, and is done when they have stopped', async () => {
    const calls: string[] = [];
    let finish = (): void => undefined;
    const service: Service = {
      name: 'slow',
      start: (router) => void calls.push(`start with ${router.addresses.length} addresses`),
      stop: () => new Promise<void>((resolve) => (finish = resolve)),
    };
    const started = begun(createActor(host, { input: { transports: [memory()], services: [service] } }));
    const clasp = claspIn(started);
    await heard(started, (events) => told(events, 'clasp.listening').length > 0);
    expect(calls).toEqual(['start with 0 addresses']);
    clasp.send({ type: 'clasp.stop' });
    await waitFor(clasp, (snapshot) => snapshot.matches('ending'));
    finish();
    await heard(started, (events) => told(events, 'clasp.stopped').length > 0);
  });

  it('handles requests in order, also before it is running', async () => {
    const started = begun(createActor(host, { input: {} }));
    const clasp = claspIn(started);
    clasp.send({ type: 'clasp.set', address: '/a', value: 1 });
    clasp.send({ type: 'clasp.set', address: '/a', value: 2, options: { lock: true } });
    // A sender does not receive its own events, streams and gestures: another session must subscribe.
    const seen: unknown[] = [];
    await heard(started, (events) => told(events, 'clasp.listening').length > 0);
    const guest = await clasp.getSnapshot().context.router.connect();
    let hasAll = (): void => undefined;
    const all = new Promise<void>((resolve) => (hasAll = resolve));
    await guest.on('/**', (signal) => {
      if (seen.push(signal) === 7) hasAll();
    }).ready;
    clasp.send({ type: 'clasp.emit', address: '/b', value: 3 });
    clasp.send({
      type: 'clasp.publish',
      signal: { kind: 'stream', address: '/c', value: Float32Array.of(1, 2), rate: 50 },
    });
    clasp.send({ type: 'clasp.publish', signal: { kind: 'gesture', address: '/d', id: 7, phase: 'start', value: 0 } });
    clasp.send({ type: 'clasp.publish', signal: { kind: 'param', address: '/e', value: true } });
    clasp.send({
      type: 'clasp.bundle',
      items: [
        { kind: 'param', address: '/f', value: 'x' },
        { kind: 'event', address: '/g' },
      ],
    });
    await all;
    expect(seen).toMatchObject([
      { address: '/a', value: 2, revision: 2, fromSnapshot: true },
      { kind: 'event', address: '/b', value: 3 },
      { kind: 'stream', address: '/c', samples: [1, 2], rate: 50 },
      { kind: 'gesture', address: '/d', id: 7, phase: 'start', value: 0 },
      { address: '/e', value: true },
      { address: '/f', value: 'x' },
      { kind: 'event', address: '/g' },
    ]);
  });

  it('reports refusals of the router with the request', async () => {
    const actor = await start({
      validateWrite: ({ address }) => (address === '/no' ? 'not here' : undefined),
    });
    const clasp = claspIn(actor);
    clasp.send({ type: 'clasp.set', address: '/a', value: 1 });
    const requests = [
      { type: 'clasp.set', address: '/no', value: 1 },
      { type: 'clasp.set', address: 'nowhere', value: 1 },
      { type: 'clasp.bundle', items: [{ kind: 'param', address: '/no', value: 1 }] },
      { type: 'clasp.emit', address: 'nowhere' },
      { type: 'clasp.publish', signal: { kind: 'param', address: '/a', value: 1, revision: 9 } },
      { type: 'clasp.subscribe', pattern: 'none' },
      { type: 'clasp.subscribe', pattern: '/**/**/a/**/**/b/**/c/**' },
      { type: 'clasp.listen', transport: broken },
    ] as const;
    for (const request of requests) clasp.send(request);
    await heard(actor, (events) => told(events, 'clasp.refused').length >= requests.length);
    const refused = told(actor.getSnapshot().context.heard, 'clasp.refused');
    const errors = requests.map((request) =>
      refused.filter((event) => event.request === request).map(({ error }) => error),
    );
    expect(errors).toMatchObject([
      [{ code: ErrorCode.Refused, message: 'not here' }],
      [{ code: ErrorCode.InvalidAddress }],
      [{ code: ErrorCode.Refused }],
      [{ code: ErrorCode.InvalidAddress }],
      [{ code: ErrorCode.RevisionConflict }],
      [{ code: ErrorCode.PatternError }],
      [{ code: ErrorCode.PatternError }],
      [{ name: 'TransportError', message: 'port 1 is taken' }],
    ]);
    await actor.getSnapshot().children.clasp?.getSnapshot().context.router.connect(); // it continues
    expect(told(actor.getSnapshot().context.heard, 'clasp.refused')).toHaveLength(requests.length);
  });

  it('reports refusals of events, streams and gestures', async () => {
    const refuse = await start({ validateWrite: () => 'closed' });
    claspIn(refuse).send({ type: 'clasp.emit', address: '/cue' });
    await heard(refuse, (events) => told(events, 'clasp.refused').length > 0);
    expect(told(refuse.getSnapshot().context.heard, 'clasp.refused')).toMatchObject([
      { request: undefined, error: { code: ErrorCode.Refused, address: '/cue' } },
    ]);
  });

  it('subscribes and unsubscribes; a repeated id replaces the earlier subscription', async () => {
    const actor = await start({ subscribe: [{ pattern: '/a/*', id: 'one' }] });
    const clasp = claspIn(actor);
    const guest = await clasp.getSnapshot().context.router.connect();
    clasp.send({ type: 'clasp.subscribe', pattern: '/b/*', id: 'one' });
    clasp.send({ type: 'clasp.subscribe', pattern: '/c/*' });
    clasp.send({ type: 'clasp.set', address: '/c/0', value: 0 });
    await heard(actor, (events) => told(events, 'clasp.param').length === 1);
    clasp.send({ type: 'clasp.unsubscribe', id: '/c/*' });
    for (const address of ['/a/1', '/c/1', '/b/1']) await guest.set(address, 1);
    await heard(actor, (events) => told(events, 'clasp.param').length === 2);
    expect(told(actor.getSnapshot().context.heard, 'clasp.param')).toMatchObject([
      { address: '/c/0', subscription: '/c/*' },
      { address: '/b/1', subscription: 'one' },
    ]);
  });

  it('opens more listeners on request', async () => {
    const actor = await start();
    const door = memory();
    claspIn(actor).send({ type: 'clasp.listen', transport: door });
    await heard(actor, (events) => told(events, 'clasp.listening').length === 2);
    const addresses = told(actor.getSnapshot().context.heard, 'clasp.listening').map((event) => event.addresses);
    expect(addresses).toMatchObject([[], [{ transport: 'memory' }]]);
    const guest = await connect(connectionLink(() => door.connect()));
    await guest.close();
  });

  it('emits its events to listeners of on()', async () => {
    const actor = createActor(claspMachine, { input: { subscribe: ['/**'] } }); // without a parent
    const events: ClaspEvent[] = [];
    actor.on('*', (event) => events.push(event));
    actor.start();
    actor.send({ type: 'clasp.set', address: '/a', value: 1 });
    await waitFor(actor, (snapshot) => snapshot.matches('running'), { timeout: Infinity });
    actor.send({ type: 'clasp.set', address: 'no', value: 1 });
    actor.send({ type: 'clasp.stop' });
    await waitFor(actor, ({ status }) => status === 'done', { timeout: Infinity });
    expect(events.map(({ type }) => type).sort()).toEqual([
      'clasp.listening',
      'clasp.param',
      'clasp.refused',
      'clasp.stopped',
    ]);
    expect(actor.getSnapshot().output?.state().params).toMatchObject([{ address: '/a' }]);
  });

  it('can be spawned or invoked, twice in one system, with separate ids', async () => {
    const events: [string, ClaspEvent][] = [];
    const parent = setup({
      types: { context: {} as { refs: readonly AnyActorRef[] } },
      actors: { clasp: claspMachine },
    }).createMachine({
      context: ({ spawn }) => ({
        refs: ['left', 'right'].map((name) =>
          spawn('clasp', {
            id: name,
            systemId: name,
            input: {
              systemIdPrefix: `${name}.`,
              subscribe: ['/**'],
              newId: () => 'same', // session ids can be equal in both
              presence: false,
              parent: { send: (event) => events.push([name, event]) },
            },
          }),
        ),
      }),
    });
    const actor = createActor(parent).start();
    const [left, right] = [claspIn(actor, 'left'), claspIn(actor, 'right')];
    await Promise.all([left, right].map((ref) => waitFor(ref, (s) => s.matches('running'), { timeout: Infinity })));
    for (const name of ['left.router', 'left.sessions', 'left.session:same', 'right.router', 'right.session:same']) {
      expect(actor.system.get(name)).toBeDefined();
    }
    expect(actor.system.get('left.router')).not.toBe(actor.system.get('right.router'));
    left.send({ type: 'clasp.set', address: '/l', value: 1 });
    right.send({ type: 'clasp.set', address: '/r', value: 1 });
    left.send({ type: 'clasp.stop' });
    right.send({ type: 'clasp.stop' });
    await Promise.all([left, right].map((ref) => waitFor(ref, (s) => s.status === 'done', { timeout: Infinity })));
    const params = events.flatMap(([name, event]) => (event.type === 'clasp.param' ? [[name, event.address]] : []));
    expect(params.sort()).toEqual([
      ['left', '/l'],
      ['right', '/r'],
    ]);
    actor.stop();
  });

  it('is reachable by the system ids of its actors, and restarts when a state is entered again', async () => {
    const actor = await start({ transports: [memory()] });
    for (const id of ['clasp', 'router', 'sessions', 'listener:1']) expect(actor.system.get(id)).toBeDefined();
    const before = claspIn(actor);
    before.send({ type: 'clasp.set', address: '/a', value: 1 });
    actor.send({ type: 'again' });
    const after = claspIn(actor);
    expect(after).not.toBe(before);
    await waitFor(after, (snapshot) => snapshot.matches('running'), { timeout: Infinity });
    expect(before.getSnapshot().status).toBe('stopped');
    expect(after.getSnapshot().context.router.state().params).toEqual([]);
    actor.send({ type: 'off' });
    for (const id of ['clasp', 'router', 'sessions', 'listener:1']) expect(actor.system.get(id)).toBeUndefined();
  });

  it('starts with the state of an earlier one', async () => {
    const actor = await start();
    const clasp = claspIn(actor);
    clasp.send({ type: 'clasp.set', address: '/a', value: [1, 'x'] });
    clasp.send({ type: 'clasp.stop' });
    await waitFor(actor, (snapshot) => snapshot.matches('ended'), { timeout: Infinity });
    const state: unknown = JSON.parse(JSON.stringify(clasp.getSnapshot().output?.state()));
    const again = await start({ state, subscribe: ['/**'] });
    expect(told(again.getSnapshot().context.heard, 'clasp.param')).toMatchObject([
      { address: '/a', value: [1, 'x'], revision: 1, fromSnapshot: true },
    ]);
  });

  it('can be in a persisted snapshot of its parent, and fails on restore with the state for a new one', async () => {
    const actor = await start();
    claspIn(actor).send({ type: 'clasp.set', address: '/a', value: 1 });
    const peer = await claspIn(actor).getSnapshot().context.router.connect();
    await peer.ping();
    const snapshot: unknown = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
    actor.stop();
    expect(snapshot).toMatchObject({ children: { clasp: { snapshot: { state: { params: [{ address: '/a' }] } } } } });
    const restored = createActor(host, { input: {}, snapshot: snapshot as never });
    begun(restored);
    await waitFor(restored, (state) => state.matches('troubled'), { timeout: Infinity });
    const { error } = restored.getSnapshot().context;
    expect(String(error)).toMatch('input.state');
    if (!(error instanceof RestoreError)) throw new Error('it has failed otherwise');
    const next = await start({ state: error.state, subscribe: ['/a'] });
    expect(told(next.getSnapshot().context.heard, 'clasp.param')).toMatchObject([{ value: 1, fromSnapshot: true }]);
    restored.stop();
  });
});
