// An installation as one XState system, with the router as one of its actors. It waits until a visitor moves a fader
// on a phone or a desk, follows the visitor, and returns to its first state after a time without input.
// Node 22.18 or later: node examples/kiosk-machine.ts. Earlier versions: npx tsx examples/kiosk-machine.ts
import { webSocket } from 'clasp-router';
import { type ClaspEvent, claspMachine } from 'clasp-router/xstate';
import { createActor, enqueueActions, sendTo, setup } from 'xstate';

const idleMs = Number(process.env.IDLE_MS ?? 30_000);

const kiosk = setup({
  types: {
    events: {} as ClaspEvent | { type: 'closing' },
    children: {} as { clasp: 'clasp' },
  },
  // The router is an actor like any other. The inspector shows it below this machine, with its sessions below it.
  actors: { clasp: claspMachine },
  actions: {
    // Subscribers of /lights/house/dim, such as a dimmer, receive the value; later subscribers receive it in their
    // snapshot.
    dimHouse: sendTo('clasp', (_, { to }: { to: number }) => ({
      type: 'clasp.set',
      address: '/lights/house/dim',
      value: to,
    })),
    followFader: enqueueActions(({ enqueue, event }) => {
      if (event.type !== 'clasp.param') return;
      enqueue.sendTo('clasp', { type: 'clasp.set', address: '/lights/stage/dim', value: event.value });
    }),
    say: (_, { text }: { text: string }) => {
      console.log(text);
    },
  },
  guards: {
    // A snapshot contains values from before the subscription, which are not input of a visitor.
    isTouched: ({ event }) => event.type === 'clasp.param' && !event.fromSnapshot,
  },
  delays: { idle: idleMs },
}).createMachine({
  id: 'kiosk',
  invoke: {
    id: 'clasp',
    src: 'clasp',
    input: {
      name: 'kiosk',
      transports: [webSocket({ port: Number(process.env.PORT ?? 7330) })],
      subscribe: [{ pattern: '/visitor/fader', types: ['param'], maxRate: 30 }],
    },
    onDone: '.closed',
    // If a listener does not open, or the router fails, the installation decides what to do.
    onError: {
      target: '.closed',
      actions: { type: 'say', params: ({ event }) => ({ text: `the router has failed: ${String(event.error)}` }) },
    },
  },
  on: {
    'clasp.listening': {
      actions: { type: 'say', params: ({ event }) => ({ text: `listening on ${event.addresses[0]?.url ?? ''}` }) },
    },
    'clasp.session.opened': { actions: { type: 'say', params: ({ event }) => ({ text: `${event.name} is here` }) } },
    'clasp.refused': { actions: { type: 'say', params: ({ event }) => ({ text: event.error.message }) } },
    // Stops gracefully: queued data is sent, all sessions are closed, and `onDone` follows.
    closing: { actions: sendTo('clasp', { type: 'clasp.stop' }) },
  },
  initial: 'attract',
  states: {
    attract: {
      entry: [
        { type: 'say', params: { text: 'attract' } },
        { type: 'dimHouse', params: { to: 1 } },
      ],
      on: { 'clasp.param': { guard: 'isTouched', target: 'inUse', actions: 'followFader' } },
    },
    inUse: {
      entry: [
        { type: 'say', params: { text: 'in use' } },
        { type: 'dimHouse', params: { to: 0.2 } },
      ],
      initial: 'touched',
      states: {
        // Re-entered at each input, so that the timer restarts.
        touched: {
          after: { idle: '#kiosk.attract' },
          on: { 'clasp.param': { guard: 'isTouched', target: 'touched', reenter: true, actions: 'followFader' } },
        },
      },
    },
    closed: { type: 'final', entry: { type: 'say', params: { text: 'closed' } } },
  },
});

const actor = createActor(kiosk).start();
process.once('SIGINT', () => {
  actor.send({ type: 'closing' });
});
