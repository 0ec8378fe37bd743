import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Socket } from 'node:dgram';
import { type Client, connect } from '../../../src/client/node.js';
import { createRouter, type Router } from '../../../src/router/create-router.js';
import { udp } from '../../../src/transports/udp/index.js';

const method = Object.getOwnPropertyDescriptor(Socket.prototype, 'getSendQueueSize')!; // Node.js has it
let router: Router;
let client: Client | undefined;

beforeEach(() => {
  router = createRouter({ transports: [udp({ port: 0, host: '127.0.0.1' })] });
});
afterEach(async () => {
  await client?.close();
  Object.defineProperty(Socket.prototype, 'getSendQueueSize', method);
  await router.stop();
});

describe('a client over UDP', () => {
  it('works where sockets do not say what they hold, as in Deno, and counts what waits itself', async () => {
    const [address] = await router.start();
    Reflect.deleteProperty(Socket.prototype, 'getSendQueueSize');
    client = await connect(address!.url);
    await client.set('/a', 1);
    await expect(client.get('/a')).resolves.toMatchObject({ value: 1 });
    client.emit('/b', 'c');
    expect(client.bufferedBytes).toBeGreaterThan(10);
    await client.ping(); // its answer comes behind the callbacks of what was sent before
    await client.close();
    expect(client.bufferedBytes).toBe(0);
  });
});
