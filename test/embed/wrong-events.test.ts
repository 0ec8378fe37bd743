import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Actor, createActor, sendTo, setup, waitFor } from 'xstate';
import { type ClaspCommand, type ClaspEvent, claspMachine } from '../../src/embed/index.js';
import { claspIn, host, told } from './hosts.js';

const ARGUMENT = 'CLASP_ERR_ARGUMENT';

let actor: Actor<typeof host>;
beforeEach(async () => {
  actor = createActor(host, { input: { subscribe: ['/fader'] } }).start();
  await waitFor(actor, ({ context }) => told(context.heard, 'clasp.listening').length > 0, { timeout: Infinity });
});
afterEach(() => {
  actor.stop();
});

/** Sends it regardless of the types. @returns the refusals until a later SET has its ACK */
async function refusedOf(...events: readonly object[]): Promise<ReturnType<typeof refused>> {
  for (const event of events) claspIn(actor).send(event as ClaspCommand);
  claspIn(actor).send({ type: 'clasp.set', address: '/fader', value: 1 });
  await waitFor(actor, ({ context }) => told(context.heard, 'clasp.param').length > 0, { timeout: Infinity });
  return refused();
}

function refused(): readonly Extract<ClaspEvent, { readonly type: 'clasp.refused' }>[] {
  return told(actor.getSnapshot().context.heard, 'clasp.refused');
}

describe('an invalid event', () => {
  it.each<[event: { readonly type: string }, code: number | string, text: string | RegExp]>([
    [{ type: 'clasp.sett' }, ARGUMENT, 'claspMachine takes no event "clasp.sett"; did you mean "clasp.set"?'],
    [{ type: 'clasp.foo' }, ARGUMENT, /takes no event "clasp.foo"; the events are clasp.set, .*clasp.stop$/],
    [{ type: 'clasp.' }, ARGUMENT, /takes no event "clasp."; the events are/],
    [{ type: 'clasp.get' }, ARGUMENT, /did you mean "clasp.set"\?$/],
    [{ type: 'clasp.param' }, ARGUMENT, /takes no event "clasp.param"/],
    [{ type: 'clasp.announce' }, ARGUMENT, /takes no event "clasp.announce"/],
    [{ type: 'set' }, ARGUMENT, /takes no event "set"; did you mean "clasp.set"\?$/],
    [{ type: 'clap.set' }, ARGUMENT, /did you mean "clasp.set"\?$/],
    [{ type: 'clasp.set' }, 200, /address/],
    [{ type: 'clasp.set', address: '/a' } as never, 402, /value/],
    [
      { type: 'clasp.set', adress: '/a', value: 1 } as never,
      ARGUMENT,
      'clasp.set has no option "adress"; did you mean "address"?',
    ],
    [
      { type: 'clasp.set', address: '/a', value: 1, options: null } as never,
      ARGUMENT,
      /options of set must be an object/,
    ],
    [{ type: 'clasp.set', address: '/a', value: 1, options: { lok: true } } as never, ARGUMENT, /did you mean "lock"/],
    [{ type: 'clasp.emit' }, 200, /address/],
    [{ type: 'clasp.emit', address: '/a', options: 5 } as never, ARGUMENT, /options of emit must be an object, not 5/],
    [{ type: 'clasp.publish' }, ARGUMENT, 'an item must be an object with a kind and an address, not undefined'],
    [
      { type: 'clasp.publish', signal: 5 } as never,
      ARGUMENT,
      'an item must be an object with a kind and an address, not 5',
    ],
    [{ type: 'clasp.publish', signal: {} } as never, ARGUMENT, /the kind of an item must be one of param, event/],
    [
      { type: 'clasp.publish', signal: { kind: 'evnt', address: '/a' } } as never,
      ARGUMENT,
      /the kind of an item must be one of .*, not "evnt"; did you mean "event"\?$/,
    ],
    [{ type: 'clasp.bundle' }, ARGUMENT, /items of bundle must be a list/],
    [{ type: 'clasp.bundle', items: [null] } as never, ARGUMENT, /an item must be an object/],
    [{ type: 'clasp.bundle', items: [{ address: '/x', value: 1 }] } as never, ARGUMENT, /the kind of an item/],
    [{ type: 'clasp.subscribe' }, 202, /pattern/],
    [
      { type: 'clasp.subscribe', pattern: '/a', id: {} } as never,
      ARGUMENT,
      'the id of clasp.subscribe must be a text, not an object',
    ],
    [{ type: 'clasp.subscribe', pattern: '/a', options: { maxRat: 1 } } as never, ARGUMENT, /did you mean "maxRate"/],
    [{ type: 'clasp.unsubscribe' }, ARGUMENT, 'the id of clasp.unsubscribe must be a text, not undefined'],
    [
      { type: 'clasp.unsubscribe', id: '/fadr' } as never,
      ARGUMENT,
      'no subscription has the id "/fadr"; did you mean "/fader"?',
    ],
    [{ type: 'clasp.listen' }, ARGUMENT, /must be a transport, such as webSocket\(\)/],
  ])('is refused with a code, and the router continues: %j', async (event, code, text) => {
    const message: unknown = text instanceof RegExp ? expect.stringMatching(text) : text;
    const events = await refusedOf(event);
    expect(events).toMatchObject([{ request: event, error: { code, message } }]);
    expect(claspIn(actor).getSnapshot().value).toBe('running');
  });

  it('is refused before the router runs as well', async () => {
    actor.stop();
    actor = createActor(host, { input: { subscribe: ['/fader'] } }).start();
    expect(await refusedOf({ type: 'clasp.sett' })).toMatchObject([{ error: { code: ARGUMENT } }]);
  });

  it('does not include events of other systems: forwarded events are ignored, and clasp.refused causes no loop', async () => {
    const forwarding = setup({ actors: { clasp: claspMachine } }).createMachine({
      invoke: { id: 'clasp', systemId: 'clasp', src: 'clasp', input: {} },
      on: { '*': { actions: sendTo('clasp', ({ event }) => event as never) } },
    });
    const parent = createActor(forwarding).start();
    const heard: string[] = [];
    claspIn(parent).on('*', ({ type }) => void heard.push(type));
    await waitFor(claspIn(parent), (snapshot) => snapshot.matches('running'), { timeout: Infinity });
    parent.send({ type: 'button.pressed' });
    parent.send({ type: 'clasp.sett' });
    await new Promise((resolve) => setImmediate(resolve));
    // clasp.listening is forwarded too, and is refused once.
    expect(heard).toEqual(['clasp.listening', 'clasp.refused', 'clasp.refused']);
    parent.stop();
  });
});
