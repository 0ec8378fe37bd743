import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { onWsClose, replaceWsListener } from '../../../src/transports/websocket/ws-listeners.js';

let server: WebSocketServer | undefined;

afterEach(() => {
  server?.close();
});

/** A WebSocket between a client and a server. */
async function link(): Promise<{ readonly client: WebSocket; readonly peer: WebSocket; readonly socket: Socket }> {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [[peer, { socket }]] = (await Promise.all([once(server, 'connection'), once(client, 'open')])) as unknown as [
    [WebSocket, { readonly socket: Socket }],
  ];
  return { client, peer, socket };
}

/** Ways in which a connection ends, and its close code. */
const ends: readonly (readonly [string, (client: WebSocket, peer: WebSocket) => void, number])[] = [
  ['the peer closes', (client) => client.close(4_000), 4_000],
  ['the peer vanishes', (client) => client.terminate(), 1_006],
  ['this side closes', (_, peer) => peer.close(1_001), 1_001],
  ['this side cuts it', (_, peer) => peer.terminate(), 1_006],
];

describe('the end of a WebSocket', () => {
  it.each(ends)('is reported once, with its code and with stack traces, when %s', async (_, end, code) => {
    const { client, peer, socket } = await link();
    const limit = Error.stackTraceLimit;
    const ended: { readonly code: number; readonly limit: number }[] = [];
    onWsClose(peer, socket, {
      onEnd: () => undefined,
      onClose: (given) => ended.push({ code: given, limit: Error.stackTraceLimit }),
    });
    const closed = once(peer, 'close');
    end(client, peer);
    await closed;
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toEqual([{ code, limit }]);
    expect(Error.stackTraceLimit).toBe(limit);
  });
});

describe('a replaced listener of ws', () => {
  it('receives the data instead of ws, and can pass it on', async () => {
    const { client, peer, socket } = await link();
    const chunks: Buffer[] = [];
    replaceWsListener<[Buffer]>(socket, 'data', (original) => (chunk) => {
      chunks.push(chunk);
      original(chunk);
    });
    const message = once(peer, 'message');
    client.send('hello');
    expect(String((await message)[0])).toBe('hello');
    expect(chunks).toHaveLength(1);
    expect(socket.listenerCount('data')).toBe(1);
  });

  it('is removed by ws as its own', async () => {
    const { client, peer, socket } = await link();
    for (const event of ['data', 'end', 'close'] as const) replaceWsListener(socket, event, (original) => original);
    client.terminate();
    await once(peer, 'close');
    expect(socket.listenerCount('data')).toBe(0);
  });
});
