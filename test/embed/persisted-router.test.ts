import { afterEach, describe, expect, it } from '@jest/globals';
import { type AnyActor, type AnyActorRef, createActor, setup, waitFor } from 'xstate';
import { claspMachine } from '../../src/embed/index.js';
import { claspIn } from './hosts.js';

/** A parent that spawns a router, handles no errors, and counts its end events. */
const parent = setup({
  types: { context: {} as { readonly ref: AnyActorRef } },
  actors: { clasp: claspMachine },
}).createMachine({
  context: ({ spawn }) => ({ ref: spawn('clasp', { id: 'clasp', systemId: 'clasp' }) }),
});

const started: AnyActor[] = [];
afterEach(() => {
  for (const actor of started.splice(0)) actor.stop();
});

function start(snapshot?: unknown): ReturnType<typeof createActor<typeof parent>> {
  // As it was persisted.
  const actor = createActor(parent, { ...(snapshot !== undefined && { snapshot: snapshot as never }) });
  started.push(actor);
  return actor.start();
}

describe('a spawned router that is done', () => {
  it('is persisted as done with its state, and its parent can be restored from it repeatedly', async () => {
    const before = start();
    const clasp = claspIn(before);
    await waitFor(clasp, (running) => running.matches('running'), { timeout: Infinity });
    clasp.send({ type: 'clasp.set', address: '/a', value: 1 });
    clasp.send({ type: 'clasp.stop' });
    await waitFor(clasp, ({ status }) => status === 'done', { timeout: Infinity });
    let snapshot: unknown = JSON.parse(JSON.stringify(before.getPersistedSnapshot()));
    for (let i = 0; i < 2; i++) {
      expect(snapshot).toMatchObject({
        children: { clasp: { snapshot: { status: 'done', state: { params: [{ address: '/a' }] } } } },
      });
      const after = start(snapshot);
      expect(after.getSnapshot().status).toBe('active');
      const restored = after.getSnapshot().children.clasp;
      expect(restored?.getSnapshot()).toMatchObject({ status: 'done' });
      const { output } = restored?.getSnapshot() as { output: { state: () => unknown } }; // it is done
      expect(output.state()).toMatchObject({ params: [{ address: '/a' }] });
      snapshot = JSON.parse(JSON.stringify(after.getPersistedSnapshot()));
    }
  });
});

describe('a router that has failed', () => {
  it('is persisted with its error, also if its input was wrong', () => {
    const actor = createActor(claspMachine, { input: { maxSessions: 'x' as never } });
    actor.subscribe({ error: () => undefined });
    actor.start();
    const snapshot: unknown = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
    expect(snapshot).toMatchObject({
      status: 'error',
      error: { name: 'RouterOptionsError', code: 'CLASP_ERR_OPTIONS' },
    });
    const errors: unknown[] = [];
    const restored = createActor(claspMachine, { snapshot: snapshot as never, input: {} });
    restored.subscribe({ error: (error) => errors.push(error) });
    restored.start();
    expect(errors).toMatchObject([{ code: 'CLASP_ERR_OPTIONS' }]);
  });
});
