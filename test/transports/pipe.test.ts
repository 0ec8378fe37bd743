import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pipe, type PipeOptions } from '../../src/transports/tcp/index.js';
import { ConnectionLost } from '../../src/transports/transport.js';
import { fromHex } from '../support/hex.js';
import { Inbox, until } from '../support/inbox.js';
import { TcpClient } from '../support/tcp-client.js';
import { describeTransport } from './conformance.js';
import { folder, newPath, open, peerOf, refusal } from './tcp-harness.js';
import { urlOf } from '../support/open-listener.js';

/** Features that Windows does not have. */
const itOnUnix = process.platform === 'win32' ? it.skip : it;

describeTransport('pipe', {
  tellsEnd: 'nothing',
  closeIsLeaving: false,
  create: () => pipe({ path: newPath() }),
  connect: async (_, listener) => peerOf(await TcpClient.connect(urlOf(listener))),
  onSameAddress: (_, listener) => pipe({ path: listener.addresses[0]!.host }),
});

describe('a pipe', () => {
  const openPipe = (options: Partial<PipeOptions> = {}): ReturnType<typeof open> =>
    open(pipe({ path: newPath(), ...options }));

  it('reports its URL for clients, and distinguishes its peers', async () => {
    const path = newPath();
    const { listener, accepted } = await openPipe({ path });
    expect(listener.addresses).toEqual([{ transport: 'pipe', host: path, port: 0, url: `unix:${path}` }]);
    const clients = [await TcpClient.connect(urlOf(listener)), await TcpClient.connect(urlOf(listener))];
    await until(() => accepted.length === 2);
    expect(accepted.map(({ remoteAddress }) => remoteAddress)).toEqual(['pipe:1', 'pipe:2']);
    for (const { socket } of clients) socket.destroy();
  });

  it('detects an end inside a frame, and rejects a length over its limit', async () => {
    const { listener, accepted } = await openPipe({ maxFrameBytes: 100 });
    for (const [bytes, sentence] of [
      [fromHex('0000001453'), 'the peer disconnected inside a frame, after 5 of its bytes'],
      [fromHex('00000065'), 'the peer violated the framing: the count is 101 bytes; the limit is 100'],
    ] as const) {
      const client = await TcpClient.connect(urlOf(listener));
      client.socket.end(bytes);
      await until(() => accepted.length === 1);
      expect(await new Inbox(accepted.pop()!.batches$).ended).toEqual(new ConnectionLost(sentence));
    }
  });

  itOnUnix.each([
    [undefined, 0o600],
    [0o660, 0o660],
    [0o666, 0o666],
  ])('with mode %p has the file permissions %p', async (mode, permissions) => {
    const { listener } = await openPipe({ mode });
    expect(statSync(listener.addresses[0]!.host).mode & 0o777).toBe(permissions);
  });

  itOnUnix('is closed if its mode is invalid', async () => {
    const path = newPath();
    expect((await refusal(pipe({ path, mode: -1 }))).message).toMatch(`cannot listen on ${path}: `);
    expect(existsSync(path)).toBe(false);
  });

  itOnUnix('removes its file when it closes', async () => {
    const { listener } = await openPipe();
    const path = listener.addresses[0]!.host;
    expect(existsSync(path)).toBe(true);
    await listener.close();
    expect(existsSync(path)).toBe(false);
  });

  itOnUnix('replaces the file of a killed router', async () => {
    const path = newPath();
    await leaveStale(path);
    const { listener, accepted } = await openPipe({ path });
    (await TcpClient.connect(urlOf(listener))).socket.destroy();
    await until(() => accepted.length === 1);
  });

  it('keeps a file on which a process listens', async () => {
    const { listener, accepted } = await openPipe();
    const path = listener.addresses[0]!.host;
    expect((await refusal(pipe({ path }))).message).toBe(
      `${path} is already in use; stop the other program or choose another path`,
    );
    const before = accepted.length; // the check was a connection
    (await TcpClient.connect(urlOf(listener))).socket.destroy();
    await until(() => accepted.length === before + 1);
  });

  itOnUnix('never removes a file that is not a socket', async () => {
    const path = join(folder, 'notes.txt');
    writeFileSync(path, 'mine');
    const link = join(folder, 'link');
    const stale = newPath();
    await leaveStale(stale);
    symlinkSync(stale, link);
    for (const place of [path, folder, link]) {
      expect((await refusal(pipe({ path: place }))).message).toBe(
        `${place} exists and is not a socket; choose another path`,
      );
    }
    expect(readFileSync(path, 'utf8')).toBe('mine');
    expect(existsSync(link)).toBe(true);
  });

  itOnUnix.each([
    [join(folder, 'missing', 'a.sock'), /^the folder of .+ does not exist; create it or choose another path$/],
    [join(import.meta.filename, 'a.sock'), /^the folder of .+ does not exist; create it or choose another path$/],
    [
      `${folder}/${'é'.repeat(60)}`,
      /^the path of a pipe has at most 10[37] bytes and .+ has \d{3}; choose a shorter one$/,
    ],
  ])('reports what is wrong with %s', async (path, sentence) => {
    expect((await refusal(pipe({ path }))).message).toMatch(sentence);
  });

  itOnUnix('uses a path of the maximum length without truncation', async () => {
    const longest = process.platform === 'linux' ? 107 : 103;
    const path = `${folder}/`.padEnd(longest, 'x');
    const { listener } = await openPipe({ path });
    expect(existsSync(path)).toBe(true);
    (await TcpClient.connect(urlOf(listener))).socket.destroy();
    expect((await refusal(pipe({ path: `${path}x` }))).message).toContain(`has ${longest + 1}; choose`);
  });

  // Root can write everywhere.
  (process.platform === 'win32' || process.getuid?.() === 0 ? it.skip : it)('reports missing permissions', async () => {
    expect((await refusal(pipe({ path: '/clasp.sock' }))).message).toBe(
      'this user cannot create /clasp.sock; choose a path in a writable folder',
    );
  });
});

/** Leaves a socket file on which no process listens: closing removes the original name of the file, not the new one. */
async function leaveStale(path: string): Promise<void> {
  const server = createServer();
  const first = newPath();
  await new Promise<void>((resolve) => {
    server.listen(first, resolve);
  });
  renameSync(first, path);
  await new Promise((resolve) => server.close(resolve));
  expect(statSync(path).isSocket()).toBe(true);
}
