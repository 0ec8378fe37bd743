// A router and two programs that exchange params in one process, without a port.
// Node 22.18 or later: node examples/first-param.ts. Earlier versions: npx tsx examples/first-param.ts
import { createRouter } from 'clasp-router';

const router = createRouter();
const lamp = await router.connect({ name: 'lamp' });
const desk = await router.connect({ name: 'desk' });

// A listener receives the present values and every change.
await desk.set('/lights/1/dim', 0.25);
await lamp.on('/lights/*/dim', ({ address, value }) => console.log(`${address} is now ${Number(value)}`), {
  types: ['param'],
}).ready;

// A write resolves when the router has stored it, and rejects with a code if the router refuses it.
const { revision } = await desk.set('/lights/3/dim', 0.75, { lock: true });
console.log(`stored as revision ${String(revision)}`);
await lamp.set('/lights/3/dim', 0).catch((error: unknown) => {
  console.log(`refused: ${String(error)}`);
});

// The state of the router, for a restart.
const state = router.state();
await router.stop();
const again = createRouter({ state });
console.log('after a restart:', (await (await again.connect()).get('/lights/3/dim'))?.value);
await again.stop();
