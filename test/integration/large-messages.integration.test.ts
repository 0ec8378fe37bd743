import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Client, type ClientOptions, connect } from '../../src/client/node.js';
import { createRouter, type Router, tcp, webSocket } from '../../src/index.js';
import { MAX_JSON_TEXT } from '../../src/protocol/encodings/json.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import { maskedMessage, RawSocket } from '../support/raw-socket.js';
import { MOST, publishOf } from '../support/sized-messages.js';
import { WebSocketClient } from '../support/websocket-client.js';

let router: Router;
let urls: readonly string[];
let port: number;
let clients: Client[] = [];

beforeEach(async () => {
  router = createRouter({ drainTimeoutSeconds: 1 });
  const [webSocketAddress] = await router.listen(webSocket({ port: 0, host: '127.0.0.1' }));
  const [tcpAddress] = await router.listen(tcp({ port: 0, host: '127.0.0.1' }));
  ({ port } = webSocketAddress!);
  urls = [webSocketAddress!.url, tcpAddress!.url];
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  clients = [];
  await router.stop();
});

async function join(url: string, options: ClientOptions = {}): Promise<Client> {
  const client = await connect(url, options);
  clients.push(client);
  return client;
}

/** Returns the value of the next signal at an address, once the subscription exists. */
async function next(client: Client, address: string): Promise<{ readonly value: Promise<unknown> }> {
  let heard: (value: unknown) => void = () => undefined;
  const value = new Promise((resolve) => (heard = resolve));
  await client.on(address, (signal) => {
    heard('value' in signal ? signal.value : undefined);
  }).ready;
  return { value };
}

describe('the largest frame', () => {
  it('of 65,547 bytes is delivered to subscribers over WebSocket and TCP', async () => {
    const message = publishOf(MOST, { address: '/large' });
    const frame = encodeFrame(message, { timestamp: 1 });
    expect(frame).toHaveLength(65_547);
    const readers = await Promise.all(urls.map((url) => join(url)));
    const received = await Promise.all(readers.map((reader) => next(reader, '/large')));
    const sender = await RawSocket.upgrade(port);
    sender.write(maskedMessage(encodeFrame({ type: 'hello', version: 1, name: 'raw', features: [] })));
    sender.write(maskedMessage(frame));
    for (const { value } of received) expect(await value).toBe(message.value?.decode());
    sender.destroy();
  });
});

describe('a JSON client', () => {
  it('receives snapshots of more than 262,144 bytes, and a value whose JSON is six times its size', async () => {
    const [url] = urls;
    const writer = await join(url!);
    const control = '\u0001'.repeat(65_000);
    await Promise.all(Array.from({ length: 200 }, (_, i) => writer.set(`/p/${i}`, 'x'.repeat(2_000))));
    await writer.set('/control', control);
    const reader = await join(url!, { encoding: 'json' });
    const heard = new Set<string>();
    await reader.on('/p/**', ({ address }) => void heard.add(address)).ready;
    expect(heard.size).toBe(200);
    await expect(reader.get('/control')).resolves.toMatchObject({ value: control });
  });

  it('rejects a write whose text is too large for a router, and keeps its session', async () => {
    const client = await join(urls[0]!, { encoding: 'json' });
    const { session } = client;
    await expect(client.set('/control', '\u0001'.repeat(50_000))).rejects.toThrow(
      /^the JSON text is 3000\d\d bytes; the limit is 262144$/,
    );
    await expect(client.set('/control', '\u0001'.repeat(40_000))).resolves.toMatchObject({ revision: 1 });
    expect(client.session).toBe(session);
  });

  it('that sends 262,144 bytes is served, and one that sends one more byte is closed with 1009', async () => {
    const client = await WebSocketClient.connect(urls[0]!, { protocols: [] });
    client.send('{"type":"hello","version":1,"name":"large","features":[]}'.padEnd(MAX_JSON_TEXT));
    expect((await client.receive(2))[0]).toContain('"type":"welcome"');
    client.send('{"type":"ping"}'.padEnd(MAX_JSON_TEXT + 1));
    expect((await client.ended).code).toBe(1009);
  });
});
