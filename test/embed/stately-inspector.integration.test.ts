import { createWebSocketInspector } from '@statelyai/inspect';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type Actor, createActor, waitFor } from 'xstate';
import { WebSocketServer } from 'ws';
import { connect } from '../../src/client/node.js';
import { webSocket } from '../../src/transports/websocket/index.js';
import { claspIn, host } from './hosts.js';

/** A relay, as the Stately inspector uses it. Counts its input. */
interface Relay {
  readonly url: string;
  readonly received: string[];
  /** Resolves when a message that contains the text has been received. */
  receive(text: string): Promise<void>;
}

let server: WebSocketServer;
let actor: Actor<typeof host> | undefined;
let stopInspector = (): void => undefined;

beforeEach(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
});
afterEach(async () => {
  actor?.stop();
  stopInspector();
  for (const socket of server.clients) socket.terminate();
  server.close();
  await once(server, 'close');
});

function relay(): Relay {
  const received: string[] = [];
  let look = (): void => undefined;
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      received.push((data as Buffer).toString()); // one message is one Buffer with the default binaryType
      look();
    });
  });
  const { port } = server.address() as { readonly port: number }; // it listens
  const receive = (text: string): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (received.some((message) => message.includes(text))) resolve();
      };
      look();
    });
  return { url: `ws://127.0.0.1:${port}`, received, receive };
}

describe('@statelyai/inspect on a parent system, as its documentation sets it up', () => {
  it('gets less than 1 MB for a burst of 3,000 events, and no message above 8 KiB', async () => {
    const { url, received, receive } = relay();
    const inspector = createWebSocketInspector({ url });
    stopInspector = () => {
      inspector.stop();
    };
    inspector.actor('probe');
    await receive('probe'); // before it is connected it keeps 200 messages and drops older ones
    actor = createActor(host, {
      input: { transports: [webSocket({ host: '127.0.0.1', port: 0 })] },
      inspect: inspector.inspect,
    }).start();
    const clasp = claspIn(actor);
    await waitFor(clasp, (snapshot) => snapshot.matches('running'), { timeout: Infinity });
    const client = await connect(clasp.getSnapshot().context.router.addresses[0]!.url);
    for (let i = 0; i < 3_000; i++) client.emit(`/cue/${i % 10}`, i);
    await client.set('/end', 1); // the router handles it after the burst
    await client.close();
    clasp.send({ type: 'clasp.stop' });
    await receive('clasp.stopped');

    const frames = received
      .map(
        (text) =>
          JSON.parse(text) as {
            readonly type: string;
            readonly event?: { readonly type: string; readonly frames?: number };
          },
      )
      .filter(({ type, event }) => type === '@xstate.event' && event?.type === 'inbound.batch')
      .reduce((sum, { event }) => sum + (event?.frames ?? 0), 0);
    expect(frames).toBeGreaterThan(3_000);
    expect(received.reduce((sum, text) => sum + Buffer.byteLength(text), 0)).toBeLessThan(1_000_000);
    expect(Math.max(...received.map((text) => Buffer.byteLength(text)))).toBeLessThan(8_192);
  });
});
