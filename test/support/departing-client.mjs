// @ts-check
// A client in its own process, for tests that end it: it connects, sets a last will, subscribes to /traffic, and then
// follows its input.
// node departing-client.mjs URL WILL-ADDRESS [CA-FILE]
// It prints `ready` when the router has the will. The input `close` closes the client; `exit` ends the process at once.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { connect } from 'clasp-router/client';

const [, , url = '', willAddress = '', caFile] = process.argv;
const ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8');
const client = await connect(url, {
  name: 'departing',
  ca,
  servername: 'localhost',
  reconnect: false,
  keepAliveMs: 500,
});
const will = { messages: [{ type: 'set', address: willAddress, value: true }] };
await client.announce('/departing', [{ address: '/$clasp/will', type: 'event', meta: { default: will } }]);
await client.on('/traffic', () => undefined).ready;
process.stdout.write('ready\n');

for await (const line of createInterface(process.stdin)) {
  if (line === 'exit') process.exit(0);
  await client.close();
  break;
}
process.stdin.destroy();
