// Two clients and a router: run `npm start` in one terminal and this in another.
import { WebSocket } from 'ws';
if (!('WebSocket' in globalThis)) Object.assign(globalThis, { WebSocket }); // Node 22 and browsers have their own
const { ClaspBuilder } = await import('@clasp-to/core');

const url = process.env.CLASP_URL ?? 'ws://localhost:7330';
const lamp = await new ClaspBuilder(url).withName('lamp').connect();
const desk = await new ClaspBuilder(url).withName('desk').connect();

lamp.on('/lights/*/dim', (value, address) => {
  console.log(`${address} is now ${value}`);
  lamp.close();
  desk.close();
});
desk.set('/lights/3/dim', 0.75);
