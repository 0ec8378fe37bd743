import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createActor, waitFor } from 'xstate';
import { encodeFrame } from '../../src/protocol/frame.js';
import { webSocket } from '../../src/transports/websocket/index.js';
import { WebSocketClient } from '../support/websocket-client.js';
import { claspIn, host, told } from './hosts.js';

async function embedded() {
  const actor = createActor(host, { input: { transports: [webSocket({ port: 0, host: '127.0.0.1' })] } }).start();
  const { context } = await waitFor(actor, (state) => told(state.context.heard, 'clasp.listening').length > 0, {
    timeout: Infinity,
  });
  const [address] = told(context.heard, 'clasp.listening')[0]!.addresses;
  const peer = await WebSocketClient.connect(address!.url);
  peer.send(encodeFrame({ type: 'hello', name: 'peer', features: [], version: 1 }));
  await peer.receive(1); // WELCOME
  return { actor, peer, port: address!.port };
}

/** Resolves when the port is free, and releases it. */
async function canHave(port: number): Promise<void> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
  await once(server, 'close');
}

describe('a router with a WebSocket in an actor system', () => {
  it('closes its peers with 1001 on clasp.stop, and frees the port', async () => {
    const { actor, peer, port } = await embedded();
    claspIn(actor).send({ type: 'clasp.stop' });
    await expect(peer.ended).resolves.toMatchObject({ code: 1001 });
    const { context } = await waitFor(actor, (state) => state.matches('ended'), { timeout: Infinity });
    expect(told(context.heard, 'clasp.session.closed')).toMatchObject([{ name: 'peer', reason: 'shutdown' }]);
    await canHave(port);
    actor.stop();
  });

  it('disconnects its peers when its parent stops, and frees the port', async () => {
    const { actor, peer, port } = await embedded();
    actor.stop();
    await expect(peer.ended).resolves.toMatchObject({ code: 1006 });
    await canHave(port);
  });

  it('fails its parent if the port is in use', async () => {
    const { actor, peer, port } = await embedded();
    const second = createActor(host, { input: { transports: [webSocket({ port, host: '127.0.0.1' })] } }).start();
    const { context } = await waitFor(second, (state) => state.matches('troubled'), { timeout: Infinity });
    expect(context.error).toMatchObject({ name: 'TransportError' });
    second.stop();
    actor.stop();
    await peer.ended;
  });
});
