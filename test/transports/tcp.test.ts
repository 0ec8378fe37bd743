import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tcp } from '../../src/transports/tcp/index.js';
import { type StreamServer, listening } from '../../src/net/stream-server.js';
import { TcpListener } from '../../src/transports/tcp/listener.js';
import { TransportError } from '../../src/net/transport-error.js';
import { faultsOf } from '../support/rejected-connections.js';
import { frameOf } from '../support/frames.js';
import { Inbox, turns, until } from '../support/inbox.js';
import { RawSocket } from '../support/raw-socket.js';
import { TcpClient } from '../support/tcp-client.js';
import { describeTransport } from './conformance.js';
import { SteadyClock } from '../support/steady-clock.js';
import { connectedRaw, local, open, peerOf, refusal, tls, trust } from './tcp-harness.js';
import { portOf, urlOf } from '../support/open-listener.js';

describeTransport('tcp', {
  tellsEnd: 'cut',
  closeIsLeaving: false,
  create: () => tcp(local),
  connect: async (_, listener) => peerOf(await TcpClient.connect(urlOf(listener))),
  onSameAddress: (_, listener) => tcp({ ...local, port: portOf(listener) }),
});

describe('with TLS', () => {
  describeTransport('tcp', {
    tellsEnd: 'nothing',
    closeIsLeaving: false,
    create: () => tcp({ ...local, tls }),
    connect: async (_, listener) => peerOf(await TcpClient.connect(urlOf(listener), trust)),
    onSameAddress: (_, listener) => tcp({ ...local, tls, port: portOf(listener) }),
  });
});

describe('a TCP port', () => {
  it.each([
    ['127.0.0.1', undefined, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['127.0.0.1', tls, /^tls:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['::1', undefined, /^tcp:\/\/\[::1\]:[1-9]\d*$/],
  ])('on %s reports its URL for clients', async (host, tls, url) => {
    const { listener } = await open(tcp({ port: 0, host, tls }));
    expect(listener.addresses).toMatchObject([{ transport: 'tcp', host, port: portOf(listener) }]);
    expect(urlOf(listener)).toMatch(url);
    expect(urlOf(listener)).toContain(`:${portOf(listener)}`);
  });

  it.each([
    ['::1', '::1', /^\[::1\]:[1-9]\d*$/],
    ['::', '127.0.0.1', /^127\.0\.0\.1:[1-9]\d*$/],
  ])('on %s reports a peer from %s', async (host, from, address) => {
    const { listener, accepted } = await open(tcp({ port: 0, host }));
    const socket = connect(portOf(listener), from);
    await until(() => accepted.length === 1);
    socket.destroy();
    expect(accepted[0]!.remoteAddress).toMatch(address);
  });

  it('accepts peers while others are silent, and leaves silent ones to their session', async () => {
    const clock = new SteadyClock();
    const { listener, accepted } = await open(tcp({ ...local, clock }));
    const silent = await Promise.all(Array.from({ length: 20 }, () => RawSocket.connect(portOf(listener))));
    const quick = await TcpClient.connect(urlOf(listener));
    await until(() => accepted.length === 21);
    quick.send(frameOf(20, 1));
    expect(await new Inbox(accepted[20]!.batches$).receive(1)).toEqual([frameOf(20, 1)]);
    clock.increment(3_600_000);
    await turns(20);
    expect(silent.map(({ socket }) => socket.readableEnded)).toEqual(silent.map(() => false));
    for (const { socket } of [...silent, quick]) socket.destroy();
  });

  // /proc/net/tcp shows the timer of a socket: 02 is keep-alive, then the remaining time in 1/100 s.
  (process.platform === 'linux' ? it : it.skip)('lets the system probe peers after 30 s of silence', async () => {
    const { raw } = await connectedRaw();
    const ours = hexPort(raw.socket.remotePort!);
    const theirs = hexPort(raw.socket.localPort!);
    const timer = (): string | undefined =>
      new RegExp(` 0100007F:${ours} 0100007F:${theirs} 01 \\S+ (\\S+) `).exec(
        readFileSync('/proc/net/tcp', 'utf8'),
      )?.[1];
    await until(() => timer()?.startsWith('02:') === true);
    const left = Number.parseInt(timer()!.slice(3), 16) / 100;
    expect(left).toBeGreaterThan(20);
    expect(left).toBeLessThanOrEqual(31);
  });

  it('reports that it is in use, with the fix', async () => {
    const { listener } = await open(tcp(local));
    const port = portOf(listener);
    expect((await refusal(tcp({ ...local, port }))).message).toBe(
      `port ${port} is already in use; stop the other program or choose another with the option port`,
    );
  });

  it('reports an address that this computer does not have', async () => {
    const { message } = await refusal(tcp({ host: '192.0.2.1', port: 0 }));
    expect(message).toBe('the address 192.0.2.1 does not belong to this computer; choose another with the option host');
  });

  it('reports an invalid port', async () => {
    const { message } = await refusal(tcp({ ...local, port: 70_000 }));
    expect(message).toMatch(/^port 70000 is invalid; choose .+ with the option port$/);
  });
});

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

describe('a failed listener', () => {
  it('ends connections$ with an error, but not for a failed accept', async () => {
    const server = createServer();
    const door: StreamServer = {
      open: async (events) => {
        await listening(server, local, events);
        return { transport: 'tcp', ...local, url: 'tcp://127.0.0.1:0' };
      },
      close: () => server.close(),
    };
    const listener = await TcpListener.open(door, { maxFrameBytes: 100, clock: new SteadyClock() });
    let end: unknown;
    listener.connections$.subscribe({ error: (error: unknown) => (end = error) });
    const faults = faultsOf(listener);
    server.emit('error', new Error('accept EMFILE'));
    expect(end).toBeUndefined();
    const text = 'the system did not accept the connection: accept EMFILE';
    expect(faults).toEqual([{ kind: 'refused', remoteAddress: 'unknown:0', text }]);
    await new Promise((resolve) => server.close(resolve));
    server.emit('error', new Error('the network card is gone'));
    expect(end).toEqual(new TransportError('the listener at tcp://127.0.0.1:0 failed: the network card is gone'));
  });
});
