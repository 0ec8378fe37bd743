import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type Client, type ClientOptions, connect } from '../../../src/client/node.js';
import { closeFrame } from '../../../src/protocol/close-message.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { framed } from '../../support/frames.js';
import { until } from '../../support/inbox.js';
import { welcome } from '../scripted-router.js';
import { SteadyClock } from '../../support/steady-clock.js';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function join(url: string, options: ClientOptions = {}): Promise<Client> {
  const client = await connect(url, { reconnect: false, ...options });
  ends.push(() => client.close());
  return client;
}

const bytesOf = (...messages: readonly Message[]): Uint8Array =>
  framed('length', messages.map((message) => encodeFrame(message))); // prettier-ignore

/** Answers a SYNC, the only message of the client. */
function answerTo(message: Message): readonly Message[] {
  if (message.type === 'hello') return [welcome('s')];
  return message.type === 'sync' ? [{ type: 'sync', t1: message.t1, t2: 0, t3: 0 }] : [];
}

/** A TCP server that handles each peer as the test specifies. */
async function tcpServer(serve: (peer: Socket) => void): Promise<string> {
  const peers: Socket[] = [];
  const server: Server = createServer((peer) => {
    peers.push(peer);
    peer.on('error', () => undefined);
    serve(peer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const peer of peers) peer.destroy();
    server.close();
  });
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`; // invariant: it listens on a port
}

/** Welcomes a peer and answers its SYNC. Then the test controls it. */
function greet(peer: Socket): void {
  peer.on('data', (data: Buffer) => {
    for (let at = 0; at < data.length;) {
      const end = at + 4 + data.readUInt32BE(at);
      for (const answer of answerTo(decodeFrame(data.subarray(at + 4, end)).message)) peer.write(bytesOf(answer));
      at = end;
    }
  });
}

describe('a TCP router', () => {
  it('that accepts and sends nothing is unreachable after the timeout', async () => {
    const clock = new SteadyClock();
    let heard = 0;
    const url = await tcpServer((peer) => peer.on('data', () => heard++));
    const attempt = connect(url, { clock });
    attempt.catch(() => undefined);
    await until(() => heard > 0);
    clock.increment(10_000);
    await expect(attempt).rejects.toThrow(`no router at ${url} has accepted this client within 10000 ms`);
  });

  it.each([
    ['resets the connection', (peer: Socket) => peer.resetAndDestroy(), 'the connection failed: read ECONNRESET'],
    ['ends it', (peer: Socket) => peer.end(), 'the router closed the connection'],
    [
      'violates the framing',
      (peer: Socket) => peer.write(Buffer.alloc(4, 0xff)),
      'the connection failed: the router violated the framing: the count is 4294967295 bytes; the limit is 65547',
    ],
    [
      'disconnects inside a frame',
      (peer: Socket) => peer.end(Buffer.from('0000000553', 'hex')),
      'the connection failed: the router disconnected inside a frame, after 5 of its bytes',
    ],
  ])('that %s is reported as lost with that reason', async (_, harm, reason) => {
    let peer: Socket | undefined;
    const url = await tcpServer((accepted) => {
      peer = accepted;
      greet(accepted);
    });
    const client = await join(url);
    const reasons: unknown[] = [];
    client.onState((change) => reasons.push(change.reason?.message));
    harm(peer!);
    await until(() => reasons.length > 0);
    expect(reasons).toEqual([reason]);
    await until(() => peer!.destroyed);
  });

  it('receives everything that was written before close()', async () => {
    const received: Buffer[] = [];
    let ended = false;
    const url = await tcpServer((peer) => {
      greet(peer);
      peer.on('data', (data: Buffer) => received.push(data));
      peer.on('end', () => (ended = true));
    });
    const client = await join(url);
    client.emit('/last/words');
    await client.close();
    await until(() => ended);
    const bytes = Buffer.concat(received);
    expect(bytes.includes('/last/words')).toBe(true);
    expect(bytes.subarray(-20)).toEqual(Buffer.from(framed('length', [closeFrame()]))); // and nothing after it
  });
});

/** A minimal UDP router: it requires its cookie, and stores received messages. */
async function udpRouter(): Promise<{
  url: string;
  socket: UdpSocket;
  hellos: Message[];
  closes: Message[];
  peers: RemoteInfo[];
}> {
  const socket = createSocket('udp4');
  const hellos: Message[] = [];
  const closes: Message[] = [];
  const peers: RemoteInfo[] = [];
  let isOpen = true;
  socket.on('message', (datagram, peer) => {
    const { message } = decodeFrame(datagram);
    if (message.type === 'hello') {
      hellos.push(message);
      peers.push(peer);
    }
    if (message.type === 'error') closes.push(message);
    const needsCookie =
      message.type === 'hello' && message.token !== 'udp:cookie' && message.token !== 'udp:cookie key';
    const answers: readonly Message[] = needsCookie
      ? [{ type: 'error', code: 300, message: 'udp:cookie' }]
      : answerTo(message);
    for (const answer of answers) socket.send(encodeFrame(answer), peer.port, peer.address);
  });
  socket.once('close', () => (isOpen = false));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  ends.push(() => isOpen && socket.close());
  return { url: `udp://127.0.0.1:${socket.address().port}`, socket, hellos, closes, peers };
}

describe('a UDP router', () => {
  it('gets its cookie back, followed by the token, from the same port', async () => {
    const router = await udpRouter();
    await join(router.url, { token: 'key' });
    expect(router.hellos).toMatchObject([{ token: 'key' }, { token: 'udp:cookie key' }]);
    expect(new Set(router.peers.map(({ port }) => port)).size).toBe(1);
  });

  it('is the only source: datagrams from other sources are ignored', async () => {
    const router = await udpRouter();
    const client = await join(router.url);
    const errors: Error[] = [];
    const heard: unknown[] = [];
    client.onError((error) => errors.push(error));
    client.on('/**', (signal) => heard.push(signal));
    const stranger = createSocket('udp4');
    ends.push(() => stranger.close());
    const forged = encodeFrame({ type: 'publish', signal: 'event', address: '/forged' });
    for (const bytes of [forged, Buffer.from('garbage')]) {
      await new Promise((resolve) => stranger.send(bytes, router.peers[0]!.port, '127.0.0.1', resolve));
    }
    await client.sync(); // one round trip after them
    expect([errors, heard]).toEqual([[], []]);
  });

  it('that sends invalid bytes is reported, and the client continues', async () => {
    const router = await udpRouter();
    const client = await join(router.url);
    const errors: Error[] = [];
    client.onError((error) => errors.push(error));
    const { port, address } = router.peers[0]!;
    router.socket.send(Buffer.from('garbage'), port, address);
    router.socket.send(Buffer.alloc(0), port, address);
    await until(() => errors.length === 1);
    expect(errors[0]).toMatchObject({ name: 'DecodeError', fault: 'BadMagic' });
    await client.sync();
  });

  it('that returns the close message gets no second one, and close() resolves', async () => {
    const router = await udpRouter();
    const client = await join(router.url, { clock: new SteadyClock() });
    const { port, address } = router.peers[0]!;
    const closed = client.close();
    await until(() => router.closes.length > 0);
    router.socket.send(closeFrame(), port, address);
    await closed; // without any elapsed time
    expect(router.closes).toMatchObject([{ code: 1000 }]);
  });

  it('that returns none, as older ones do, gets five in one second, and close() resolves', async () => {
    const router = await udpRouter();
    const clock = new SteadyClock();
    const client = await join(router.url, { clock });
    const closed = client.close();
    for (let sent = 1; sent <= 5; sent++) {
      await until(() => router.closes.length === sent);
      clock.increment(200);
    }
    await closed;
    expect(router.closes).toHaveLength(5);
  });

  it('whose port has closed is detected at the next datagram', async () => {
    const router = await udpRouter();
    const client = await join(router.url);
    const reasons: unknown[] = [];
    client.onState((change) => reasons.push(change.reason?.message));
    await new Promise<void>((resolve) => router.socket.close(resolve));
    client.emit('/anybody');
    await until(() => {
      client.emit('/anybody'); // the system reports the answer to the first with the next
      return reasons.length > 0;
    });
    expect(reasons).toEqual(['the connection failed: no program listens there']);
  });
});
