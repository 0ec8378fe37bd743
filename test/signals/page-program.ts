import { createRouter } from '../../src/router/create-router.js';
import { defineSignals, typed } from '../../src/signals/index.js';
import { z } from 'zod';

const signals = defineSignals({
  '/lights/:n/dim': { type: 'param', value: z.number().min(0).max(1), description: 'brightness' },
  '/cue/go': { type: 'event' },
  '/pointer/:id': { type: 'gesture', value: z.tuple([z.number(), z.number()]) },
  '/fft': { type: 'stream', value: z.array(z.number()).max(1_024) },
});

const router = createRouter({ signals });
const desk = typed(await router.connect(), signals);
const lamp = typed(await router.connect(), signals);

const listening = lamp.on('/lights/*/dim', ({ address, value }) => {
  console.log(address, value.toFixed(2)); // value is a number
});
await listening.ready;

await desk.set('/lights/3/dim', 0.5);
// desk.set('/lights/3/dim', 'x')   does not compile: a text is no number
// desk.set('/light/3/dim', 0.5)    does not compile: there is no such address
await desk.set('/lights/3/dim', 7).catch((error: unknown) => console.log(String(error)));

await router.stop();
