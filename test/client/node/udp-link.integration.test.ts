import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Socket } from 'node:dgram';
import { type Client, connect } from '../../../src/client/node.js';
import { createRouter } from '../../../src/router/create-router.js';
import type { Router } from '../../../src/router/router.js';
import { udp } from '../../../src/transports/udp/index.js';

const method = Object.getOwnPropertyDescriptor(Socket.prototype, 'getSendQueueSize')!; // invariant: Node.js has it
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
  it('works if sockets do not report their queue, as in Deno, and counts waiting bytes itself', async () => {
    const [address] = await router.start();
    Reflect.deleteProperty(Socket.prototype, 'getSendQueueSize');
    client = await connect(address!.url);
    await client.set('/a', 1);
    await expect(client.get('/a')).resolves.toMatchObject({ value: 1 });
    client.emit('/b', 'c');
    expect(client.bufferedBytes).toBeGreaterThan(10);
    await client.ping(); // its answer follows the callbacks of earlier writes
    await client.close();
    expect(client.bufferedBytes).toBe(0);
  });
});
