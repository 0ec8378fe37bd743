import { afterEach, describe, expect, it } from '@jest/globals';
import { EMPTY } from 'rxjs';
import { createRouter, type Router, type Transport } from '../../src/index.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import { tcp } from '../../src/transports/tcp/index.js';
import { webSocket } from '../../src/transports/websocket/index.js';
import { testCertificate } from '../support/certificates.js';
import { fromElsewhere } from '../support/from-elsewhere.js';
import { TcpClient } from '../support/tcp-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

/** Devices behind the NAT of a venue: the router sees one address. */
const CLIENTS = 800;
const HELLO = encodeFrame({ type: 'hello', version: 1, name: 'phone', features: [] });

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** Opens a router that accepts all of them, with the default limits of its listener. */
async function open(transport: Transport): Promise<{ readonly router: Router; readonly url: string }> {
  const router = createRouter({ maxSessions: 1_000, drainTimeoutSeconds: 1 });
  cleanUps.push(() => router.stop());
  cleanUps.push(fromElsewhere(() => '192.0.2.1'));
  const [{ url } = { url: '' }] = await router.listen(transport);
  return { router, url };
}

/** Connects over a WebSocket and sends HELLO. @returns the type of the first answer */
async function joinByWebSocket(url: string): Promise<string> {
  const client = await WebSocketClient.connect(url);
  cleanUps.push(() => {
    client.destroy();
  });
  client.send(HELLO);
  const [answer] = await client.receive(1);
  return decodeFrame(answer as Uint8Array).message.type;
}

async function joinByTcp(url: string, ca: string): Promise<string> {
  const client = await TcpClient.connect(url, { ca, servername: 'localhost' });
  cleanUps.push(() => {
    client.socket.destroy();
  });
  client.send(HELLO);
  const [answer] = await client.receive(1);
  return decodeFrame(answer!).message.type;
}

const everybody = <T>(join: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: CLIENTS }, () => join()));

describe('800 clients behind one address that connect at the same moment', () => {
  it('all get WELCOME over WebSocket, and none is refused', async () => {
    const { router, url } = await open(webSocket({ host: '127.0.0.1', port: 0 }));
    const answers = await everybody(() => joinByWebSocket(url));
    expect(new Set(answers)).toEqual(new Set(['welcome']));
    expect(answers).toHaveLength(CLIENTS);
    expect(router.statistics().rejectedConnections).toEqual({ handshake: 0, timeout: 0, refused: 0, unsolicited: 0 });
  });

  it.each([false, true])('all get WELCOME over TCP, and none is refused, TLS: %p', async (encrypted) => {
    const certificate = await testCertificate();
    const tls = encrypted ? { credentials: certificate, renewed$: EMPTY } : undefined;
    const { router, url } = await open(tcp({ host: '127.0.0.1', port: 0, tls }));
    const answers = await everybody(() => joinByTcp(url, certificate.ca));
    expect(new Set(answers)).toEqual(new Set(['welcome']));
    expect(answers).toHaveLength(CLIENTS);
    expect(router.statistics().rejectedConnections).toEqual({ handshake: 0, timeout: 0, refused: 0, unsolicited: 0 });
  });
});
