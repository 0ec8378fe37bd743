import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WriteProgress } from '../../src/net/write-progress.js';
import { testCertificate } from '../support/certificates.js';
import { turns, until } from '../support/inbox.js';

const certificate = await testCertificate();

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A socket of a server and its peer, which reads on request. */
async function pair(isTls: boolean): Promise<{ socket: Socket; peer: Socket }> {
  const accepted: Socket[] = [];
  const take = (socket: Socket): void => {
    socket.on('error', () => undefined);
    accepted.push(socket);
  };
  const server: Server = isTls ? createTlsServer(certificate, take) : createServer(take);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // invariant: it listens on a port
  const where = { host: '127.0.0.1', port };
  const peer = isTls ? connectTls({ ...where, ca: certificate.ca, servername: 'localhost' }) : connect(where);
  peer.on('error', () => undefined);
  peer.pause();
  await until(() => accepted.length === 1);
  const socket = accepted[0]!;
  cleanUps.push(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  return { socket, peer };
}

/** Waits until the system accepts no more bytes. */
async function full(socket: Socket): Promise<void> {
  const progress = new WriteProgress(socket);
  for (let stuck = 0; stuck < 50; stuck = progress.look() === 'stuck' ? stuck + 1 : 0) await turns(3);
}

describe.each([
  ['TCP', false],
  ['TLS', true],
])('the progress of queued bytes over %s', (_, isTls) => {
  it('is idle if no bytes are queued', async () => {
    const { socket, peer } = await pair(isTls);
    const progress = new WriteProgress(socket);
    expect(progress.look()).toBe('idle');
    peer.resume();
    socket.write('a');
    await until(() => socket.writableLength === 0);
    expect([progress.look(), progress.look()]).toEqual(['idle', 'idle']);
  });

  it('is stuck while the peer reads nothing, even if more is written', async () => {
    const { socket } = await pair(isTls);
    socket.write(Buffer.alloc(16 << 20));
    await full(socket);
    const progress = new WriteProgress(socket);
    progress.look();
    socket.write(Buffer.alloc(1_000));
    await turns(20);
    expect(progress.look()).toBe('stuck');
  });

  it('has moved if the peer read a part of one large write', async () => {
    const { socket, peer } = await pair(isTls);
    socket.write(Buffer.alloc(32 << 20));
    await full(socket);
    const progress = new WriteProgress(socket);
    progress.look();
    let read = 0;
    peer.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read > 8 << 20) peer.pause();
    });
    peer.resume();
    await until(() => peer.isPaused());
    expect(socket.writableLength).toBe(32 << 20); // the whole write is not finished
    expect(progress.look()).toBe('moved');
  });

  it('has moved if all bytes are sent, and is idle afterwards', async () => {
    const { socket, peer } = await pair(isTls);
    socket.write(Buffer.alloc(16 << 20));
    await full(socket);
    const progress = new WriteProgress(socket);
    progress.look();
    peer.resume();
    await until(() => socket.writableLength === 0);
    expect([progress.look(), progress.look()]).toEqual(['moved', 'idle']);
  });
});
