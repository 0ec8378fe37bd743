// A page with faders for phones, served on the router's port: open the address that it prints.
// Node 22.18 or later: node examples/fader-page.ts. Earlier versions: npx tsx examples/fader-page.ts
import { fileURLToPath } from 'node:url';
import { createRouter, webSocket } from 'clasp-router';
import { staticFiles } from 'clasp-router/http';

/** Returns a folder relative to a module, wherever npm has installed that. */
const folder = (module: string, relative: string): string =>
  fileURLToPath(new URL(relative, import.meta.resolve(module)));

const router = createRouter({
  transports: [webSocket({ port: Number(process.env.PORT ?? 7330) })],
  services: [
    // The official client and its dependencies, so that the page works without the internet.
    staticFiles({ folder: folder('@clasp-to/core', './'), at: '/clasp/' }),
    staticFiles({ folder: folder('@msgpack/msgpack', '../dist.esm/'), at: '/msgpack/' }),
    staticFiles({ folder: folder('clasp-router/package.json', './examples/') }),
  ],
});
const [address] = await router.start();
console.log(`http://localhost:${String(address?.port)}/fader-page.html`);

// Prints the values of the faders.
router.signals$('/faders/*', { types: ['param'] }).subscribe(({ address: fader, value }) => {
  console.log(`${fader} is ${Number(value).toFixed(2)}`);
});
process.once('SIGINT', () => void router.stop());
