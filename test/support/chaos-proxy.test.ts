import { once } from 'node:events';
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { calm, type ChaosProxy, tcpChaosProxy, udpChaosProxy } from './chaos-proxy.js';
import { until } from './official-client.js';

describe('a stream proxy', () => {
  let server: Server;
  let accepted: Socket[];
  let received: string;
  let proxy: ChaosProxy;
  let closed: number;

  beforeEach(async () => {
    [accepted, received, closed] = [[], '', 0];
    server = createServer({ allowHalfOpen: true }, (socket) => {
      accepted.push(socket);
      socket.on('data', (chunk) => {
        received += chunk.toString('latin1');
        socket.write(chunk);
      });
      socket.on('end', () => socket.end('bye'));
      socket.on('error', () => undefined);
      socket.on('close', () => closed++);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await tcpChaosProxy((server.address() as AddressInfo).port, { seed: 1 });
  });

  afterEach(async () => {
    await proxy.close();
    for (const socket of accepted) socket.destroy();
    server.close();
  });

  function join(): { socket: Socket; text: () => string; errors: string[]; closed: Promise<unknown> } {
    const socket = connect(proxy.port, '127.0.0.1');
    let text = '';
    const errors: string[] = [];
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? error.message));
    return { socket, text: () => text, errors, closed: new Promise((resolve) => socket.on('close', resolve)) };
  }

  it('forwards both directions, and an end as an end, after the preceding bytes', async () => {
    const peer = join();
    peer.socket.write('hello');
    peer.socket.end(' there');
    await peer.closed;
    expect([received, peer.text(), peer.errors]).toEqual(['hello there', 'hello therebye', []]);
    await until(() => proxy.connections.size === 0);
    expect(proxy.counts.cuts).toBe(0);
  });

  it('cuts one connection with a reset to both sides, and no other', async () => {
    const [first, second] = [join(), join()];
    first.socket.write('1');
    await until(() => first.text() === '1');
    second.socket.write('2');
    await until(() => second.text() === '2');
    [...proxy.connections].find(({ number }) => number === 1)!.cut();
    await first.closed;
    await until(() => closed === 1);
    expect(first.errors).toEqual(['ECONNRESET']);
    second.socket.write('3');
    await until(() => second.text() === '23');
    expect(proxy.counts).toMatchObject({ connections: 2, cuts: 1 });
  });

  it('stalls one connection, and then forwards everything', async () => {
    const [first, second] = [join(), join()];
    await until(() => accepted.length === 2);
    const stalled = [...proxy.connections].find(({ number }) => number === 1)!;
    stalled.stall();
    first.socket.write('held');
    second.socket.write('through');
    await until(() => second.text() === 'through' || first.text() !== '');
    const before = received;
    stalled.resume();
    await until(() => received.includes('held') && received.includes('through'));
    expect(['held', 'through']).toContain(before); // the first accepted connection is number 1
  });

  it('forwards a reset of one side to the other', async () => {
    const peer = join();
    peer.socket.write('x');
    await until(() => accepted.length === 1 && peer.text() === 'x');
    accepted[0]!.resetAndDestroy();
    await peer.closed;
    expect(peer.errors).toEqual(['ECONNRESET']);
  });

  it('refuses new connections while configured to', async () => {
    proxy.isRefusing = true;
    const turnedAway = join();
    await turnedAway.closed;
    expect([turnedAway.errors, accepted.length, proxy.counts.refusals]).toEqual([['ECONNRESET'], 0, 1]);
    proxy.isRefusing = false;
    const welcome = join();
    welcome.socket.write('x');
    await until(() => welcome.text() === 'x');
  });

  it('flips bits on the selected connection, in both directions', async () => {
    proxy.faults = { ...calm, bytesPerFlip: 10 };
    const peer = join();
    peer.socket.write(' '.repeat(1_000));
    await until(() => peer.text().length >= 1_000);
    expect(received).not.toBe(' '.repeat(1_000));
    expect(proxy.counts.flips).toBeGreaterThan(100);
    for (const connection of proxy.connections) connection.faults = calm;
    const { flips } = proxy.counts;
    const clean = 'clean'.repeat(200);
    received = '';
    peer.socket.write(clean);
    await until(() => received.length === clean.length);
    expect([received, proxy.counts.flips]).toEqual([clean, flips]);
  });

  it('draws the same faults for connection n of a seed, and others for each n', async () => {
    /** What three consecutive connections receive of 200 spaces through a proxy that flips bits. */
    const heard = async (): Promise<readonly string[]> => {
      proxy.faults = { ...calm, bytesPerFlip: 20 };
      const texts: string[] = [];
      for (let i = 0; i < 3; i++) {
        const peer = join();
        peer.socket.write(' '.repeat(200));
        await until(() => peer.text().length === 200);
        texts.push(peer.text());
        peer.socket.destroy();
      }
      return texts;
    };
    const first = await heard();
    await proxy.close();
    proxy = await tcpChaosProxy((server.address() as AddressInfo).port, { seed: 1 });
    expect(await heard()).toEqual(first);
    expect(new Set(first).size).toBe(3);
  });

  it('closes with open connections, and frees its port', async () => {
    const { port } = proxy;
    const peer = join();
    peer.socket.write('x');
    await until(() => peer.text() === 'x');
    await proxy.close();
    await peer.closed;
    const after = connect(port, '127.0.0.1');
    const [error] = (await once(after, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    proxy = await tcpChaosProxy(1, { seed: 1 });
  });
});

describe('a datagram proxy', () => {
  let server: DatagramSocket;
  let senders: number[];
  let peers: DatagramSocket[];
  let proxy: ChaosProxy;

  beforeEach(async () => {
    [senders, peers] = [[], []];
    server = createSocket('udp4');
    server.on('message', (datagram, { port }) => {
      senders.push(port);
      server.send(datagram, port, '127.0.0.1');
    });
    server.bind(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await udpChaosProxy(server.address().port, { seed: 1 });
  });

  afterEach(async () => {
    await proxy.close();
    for (const peer of peers) peer.close();
    server.close();
  });

  async function join(): Promise<{ say: (text: string) => void; heard: string[] }> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    peers.push(socket);
    const heard: string[] = [];
    socket.on('message', (datagram) => heard.push(datagram.toString()));
    const say = (text: string): void => {
      socket.send(text, proxy.port, '127.0.0.1');
    };
    return { say, heard };
  }

  it('forwards both directions, with one port per peer', async () => {
    const [one, other] = [await join(), await join()];
    one.say('a');
    await until(() => one.heard.length === 1);
    other.say('b');
    await until(() => other.heard.length === 1);
    one.say('c');
    await until(() => one.heard.length === 2);
    expect([one.heard, other.heard]).toEqual([['a', 'c'], ['b']]);
    expect(senders[2]).toBe(senders[0]);
    expect(senders[1]).not.toBe(senders[0]);
  });

  it('after a cut uses a port that is unknown to the router', async () => {
    const peer = await join();
    peer.say('a');
    await until(() => peer.heard.length === 1);
    for (const connection of proxy.connections) connection.cut();
    peer.say('b');
    await until(() => peer.heard.length === 2);
    expect(new Set(senders).size).toBe(2);
    expect(proxy.counts).toMatchObject({ connections: 2, cuts: 1 });
  });

  it('loses the configured datagrams', async () => {
    const peer = await join();
    proxy.faults = { ...calm, lossRatio: 1 };
    peer.say('lost');
    await until(() => proxy.counts.lost === 1);
    proxy.faults = calm;
    peer.say('found');
    await until(() => peer.heard.length > 0);
    expect(peer.heard).toEqual(['found']);
  });
});
