import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { webSocket } from '../../../src/transports/websocket/index.js';
import type { HttpRoute } from '../../../src/http/index.js';
import { RawSocket, upgradeRequest } from '../../support/raw-socket.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Returns the status and the chosen subprotocol of an upgrade with this `header`. */
async function offer(
  header: string,
  routes: readonly HttpRoute[] = [],
): Promise<readonly [status: string | undefined, chosen: string | undefined]> {
  const listener = await webSocket({ host: '127.0.0.1', port: 0, pingIntervalMs: 0, routes }).listen();
  listener.connections$.subscribe((connection) =>
    cleanUps.push(() => {
      connection.destroy();
    }),
  );
  cleanUps.push(() => listener.close());
  const socket = await RawSocket.connect(listener.addresses[0]!.port);
  cleanUps.push(() => {
    socket.destroy();
  });
  socket.write(upgradeRequest({ 'Sec-WebSocket-Protocol': header }));
  const answer = (await socket.receive((bytes) => bytes.includes('\r\n\r\n'))).toString();
  return [/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1], /^sec-websocket-protocol: (.*)\r$/im.exec(answer)?.[1]];
}

/** An upgrade route with `ws`, like the feed of the inspector. */
function echo(): HttpRoute {
  const server = new WebSocketServer({ noServer: true });
  return {
    upgrade: (request, socket, head) => {
      server.handleUpgrade(request, socket, head, (peer) => {
        cleanUps.push(() => {
          peer.terminate();
        });
      });
      return true;
    },
  };
}

describe('Sec-WebSocket-Protocol', () => {
  it.each([
    { header: '', chosen: undefined },
    { header: ' , ', chosen: undefined },
    { header: 'clasp, clasp', chosen: 'clasp' },
    { header: ',clasp.cbor ,,\tclasp.cbor', chosen: 'clasp.cbor' },
  ])('accepts empty and repeated names: "$header" chooses $chosen', async ({ header, chosen }) => {
    expect(await offer(header)).toEqual(['101', chosen]);
  });

  it('with repeated names is also accepted by an upgrade route', async () => {
    expect(await offer('feed,, feed', [echo()])).toEqual(['101', 'feed']);
  });

  it('with an invalid name is rejected with 400', async () => {
    expect(await offer('clasp, a b')).toEqual(['400', undefined]);
  });
});
