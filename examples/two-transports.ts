// One router with two transports: it delivers messages from WebSocket over TCP, to every subscriber.
// Node 22.18 or later: node examples/two-transports.ts. Earlier versions: npx tsx examples/two-transports.ts
import { createRouter, tcp, webSocket } from 'clasp-router';
import { connect } from 'clasp-router/client';

// Port 0 selects a free port; the default is 7330.
const host = '127.0.0.1';
const router = createRouter({ transports: [webSocket({ port: 0, host }), tcp({ port: 0, host })] });
router.on('session.opened', ({ name, transport }) => console.log(`${name} has come by ${transport}`));
router.on('session.closed', ({ name }) => console.log(`${name} has gone`));
const [web, plain] = await router.start();
if (web === undefined || plain === undefined) throw new Error('both doors should be open');

// The program that contains the router receives all signals as an RxJS Observable.
const seen = router.signals$('/**').subscribe(({ kind, address }) => console.log(`router: ${kind} at ${address}`));

const tablet = await connect(web.url, { name: 'tablet' });
const dimmer = await connect(plain.url, { name: 'dimmer', encoding: 'cbor' });

const heard = dimmer.signals('/lights/**');
await tablet.set('/lights/3/dim', 0.5);
for await (const { address, value } of heard) {
  console.log(`dimmer: ${address} is ${Number(value)}`);
  break;
}

seen.unsubscribe();
await Promise.all([tablet.close(), dimmer.close()]);
await router.stop();
