import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createRouter, type Router } from '../../src/index.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { pipe, tcp } from '../../src/transports/tcp/index.js';
import { framed } from '../support/frames.js';
import { fromHex } from '../support/hex.js';
import { TcpClient } from '../support/tcp-client.js';
import { readVectors } from '../support/vectors.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function newRouter(): Router {
  const router = createRouter({ drainTimeoutSeconds: 1 });
  cleanUps.push(() => router.stop());
  return router;
}

function arduino(name: string): Uint8Array {
  return fromHex(
    readVectors('clients.json').find((vector) => vector.name === `clients/arduino-1.0.0-${name}`)!.tcpHex!,
  );
}

const types = (client: TcpClient): readonly string[] => client.frames.map((frame) => decodeFrame(frame).message.type);

describe('a router on TCP', () => {
  it('delivers to an Arduino the value that another one has set', async () => {
    const [{ url } = { url: '' }] = await newRouter().listen(tcp({ host: '127.0.0.1', port: 0 }));
    const clients = [await TcpClient.connect(url), await TcpClient.connect(url)] as const;
    for (const client of clients) client.write(arduino('hello'));
    clients[0].send(encodeFrame({ type: 'subscribe', id: 1, pattern: '/ino/*' }), encodeFrame({ type: 'ping' }));
    await clients[0].receive(3); // WELCOME, SNAPSHOT, PONG: it is subscribed
    clients[1].write(arduino('set-f32'));
    const { message } = decodeFrame((await clients[0].receive(4))[3]!);
    expect(message).toMatchObject({ type: 'set', address: '/ino/fader', revision: 1 });
    for (const client of clients) client.close();
  });

  const messages: readonly Message[] = [
    { type: 'hello', version: 1, name: 'script', features: ['param'] },
    { type: 'set', address: '/a', value: encodeValue(1) },
    { type: 'get', address: '/a' },
  ];
  const script = framed(
    'length',
    messages.map((message) => encodeFrame(message)),
  );

  it.each(['tcp', 'pipe'] as const)(
    'answers a script that sends everything at once and disconnects, over %s',
    async (way) => {
      const folder = mkdtempSync(join(tmpdir(), 'clasp-'));
      cleanUps.push(() => {
        rmSync(folder, { recursive: true });
      });
      const path = process.platform === 'win32' ? `\\\\.\\pipe\\clasp-${process.pid}` : join(folder, 'clasp.sock');
      const transport = way === 'tcp' ? tcp({ host: '127.0.0.1', port: 0 }) : pipe({ path });
      const [{ url } = { url: '' }] = await newRouter().listen(transport);
      const client = await TcpClient.connect(url);
      client.socket.end(script);
      expect(await client.ended).toBe('closed');
      expect(types(client)).toEqual(['welcome', 'snapshot', 'ack', 'snapshot']);
    },
  );
});
