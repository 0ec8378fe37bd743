// @ts-check
// A router with a params store, on a free port. Writes its URL, and stays until it is killed.
const built = (/** @type {string} */ name) => new URL(`../../../dist/${name}/index.js`, import.meta.url).href;
/** @type {{ paramsStore(options: object): object }} */
const { paramsStore } = await import(built('journal'));
/** @type {{ createRouter(options: object): { start(): Promise<readonly { url: string }[]> }, webSocket(options: object): object }} */
const { createRouter, webSocket } = await import(new URL('../../../dist/index.js', import.meta.url).href);

const [dataDir, port] = process.argv.slice(2);
const persist = [{ pattern: '/always/**', sync: 'always' }, { pattern: '/**' }];
const router = createRouter({
  services: [paramsStore({ dataDir, persist, intervalSeconds: 0.02 })],
  transports: [webSocket({ host: '127.0.0.1', port: Number(port) })],
});
const [address] = await router.start();
process.stdout.write(`${address?.url}\n`);
