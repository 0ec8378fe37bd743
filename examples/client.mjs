// A desk and a lamp with the router's own client: run `npm start` in one terminal and this in another.
// Any address of the router does: CLASP_URL=tcp://localhost:7333 node examples/client.mjs
import { connect } from 'clasp-router/client';

const url = process.env.CLASP_URL ?? 'ws://localhost:7330';
const lamp = await connect(url, { name: 'lamp' });
const desk = await connect(url, { name: 'desk', encoding: 'cbor' });

// A listener hears what there is already, and every change from then on, also after the connection was lost.
const off = lamp.on('/lights/*/dim', ({ address, value }) => console.log(`${address} is now ${value}`), {
  types: ['param'],
});
await off.ready;

// A write resolves when the router has stored it, and rejects when it does not.
const { revision } = await desk.set('/lights/3/dim', 0.75);
await desk.set('/lights/3/dim', 0, { revision: Number(revision) - 1 }).catch((error) => {
  console.log(`refused: ${error.message} (${error.code})`);
});

// Two changes at one moment, a tenth of a second from now by the router's clock.
await desk.bundle(
  [
    { kind: 'param', address: '/lights/3/dim', value: 0.25 },
    { kind: 'event', address: '/cue/go', value: { number: 7n } },
  ],
  { at: desk.serverTime() + 100_000 },
);

// The same as a loop.
for await (const { address, value } of lamp.signals('/cue/**', { types: ['event'] })) {
  console.log(`${address}: cue ${value instanceof Map ? value.get('number') : value}`);
  break;
}

await Promise.all([lamp.close(), desk.close()]);
