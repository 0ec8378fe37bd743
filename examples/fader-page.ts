// A page with faders for phones, served on the port the router listens on: open the address it prints.
// Node 22.18 or later: node examples/fader-page.ts. Before that: npx tsx examples/fader-page.ts
import { fileURLToPath } from 'node:url';
import { createRouter, staticFiles, webSocket } from 'clasp-router';

/** A folder beside a module, wherever npm has put that. */
const folder = (module: string, relative: string): string =>
  fileURLToPath(new URL(relative, import.meta.resolve(module)));

const router = createRouter({
  transports: [
    webSocket({
      port: Number(process.env.PORT ?? 7330),
      routes: [
        // The official client and what it needs: the page works without the internet.
        await staticFiles({ folder: folder('@clasp-to/core', './'), at: '/clasp/' }),
        await staticFiles({ folder: folder('@msgpack/msgpack', '../dist.esm/'), at: '/msgpack/' }),
        await staticFiles({ folder: folder('clasp-router/package.json', './examples/') }),
      ],
    }),
  ],
});
const [address] = await router.start();
console.log(`http://localhost:${String(address?.port)}/fader-page.html`);

// What the faders say, for whoever watches the terminal.
router.signals$('/faders/*', { types: ['param'] }).subscribe(({ address: fader, value }) => {
  console.log(`${fader} is ${Number(value).toFixed(2)}`);
});
process.once('SIGINT', () => void router.stop());
