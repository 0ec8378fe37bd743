// A desk and a lamp that use the client of this package: run `npm start` in one terminal and this in another.
// Any address of the router works: CLASP_URL=tcp://localhost:7333 node examples/client.mjs
import { connect } from 'clasp-router/client';

const url = process.env.CLASP_URL ?? 'ws://localhost:7330';
const lamp = await connect(url, { name: 'lamp' });
const desk = await connect(url, { name: 'desk', encoding: 'cbor' });

// A listener receives the present values and every change, also after the connection was lost.
const off = lamp.on('/lights/*/dim', ({ address, value }) => console.log(`${address} is now ${value}`), {
  types: ['param'],
});
await off.ready;

// A write resolves when the router has stored it, and rejects if the router refuses it.
const { revision } = await desk.set('/lights/3/dim', 0.75);
await desk.set('/lights/3/dim', 0, { revision: Number(revision) - 1 }).catch((error) => {
  console.log(`refused: ${error.message} (${error.code})`);
});

// Two changes at the same moment, 100 ms from now by the router's clock.
await desk.bundle(
  [
    { kind: 'param', address: '/lights/3/dim', value: 0.25 },
    { kind: 'event', address: '/cue/go', value: { number: 7n } },
  ],
  { at: desk.serverTime() + 100_000 },
);

// The same, as a loop.
for await (const { address, value } of lamp.signals('/cue/**', { types: ['event'] })) {
  console.log(`${address}: cue ${value instanceof Map ? value.get('number') : value}`);
  break;
}

await Promise.all([lamp.close(), desk.close()]);
