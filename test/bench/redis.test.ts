import { createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect, messages, sentAt, stamped, subscribe } from '../../bench/wire/redis.mjs';
import { RedisWalker } from '../../bench/wire/redis-walker.mjs';

const PING = '*1\r\n$4\r\nPING\r\n';

/** A server that answers each write with the next of the given texts. */
let server: Server;
let answers: string[];
let received: string[];

beforeEach(async () => {
  received = [];
  server = createServer((socket) => {
    socket.on('data', (bytes) => {
      received.push(bytes.toString('latin1'));
      socket.write(answers.shift() ?? '');
    });
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.close();
});

const address = (): { host: string; port: number } => ({
  host: '127.0.0.1',
  port: (server.address() as AddressInfo).port, // it listens on TCP
});

describe('the Redis client of the load', () => {
  it('is connected after the PONG to its PING', async () => {
    answers = ['+PONG\r\n'];
    const { connection } = await connect(address());
    expect(received).toEqual([PING]);
    connection.close();
  });

  it('subscribes to addresses by name and to everything below an address by glob', async () => {
    answers = [
      '+PONG\r\n',
      '*3\r\n$9\r\nsubscribe\r\n$2\r\n/b\r\n:1\r\n*3\r\n$10\r\npsubscribe\r\n$4\r\n/a/*\r\n:2\r\n',
    ];
    const peer = await connect(address());
    await subscribe(peer, ['/a/**', '/b']);
    expect(received.slice(1).join('')).toBe(
      '*2\r\n$9\r\nSUBSCRIBE\r\n$2\r\n/b\r\n*2\r\n$10\r\nPSUBSCRIBE\r\n$4\r\n/a/*\r\n',
    );
    peer.connection.close();
  });

  it('refuses a pattern that Redis cannot express', async () => {
    answers = ['+PONG\r\n'];
    const peer = await connect(address());
    await expect(subscribe(peer, ['/a/*/b'])).rejects.toThrow('Redis has no equivalent of the pattern /a/*/b');
    peer.connection.close();
  });

  it('reports the error that answers a subscription', async () => {
    answers = ['+PONG\r\n', '-NOPERM no\r\n'];
    const peer = await connect(address());
    await expect(subscribe(peer, ['/b'])).rejects.toThrow('SUBSCRIBE was answered with -NOPERM no');
    peer.connection.close();
  });
});

it('publishes values of the requested size to the addresses in turn', () => {
  const load = { publishers: 1, signal: 'set', qos: 1, addresses: ['/a', '/b'], pace: 'blocks' } as const;
  const [first, second] = messages({ ...load, valueBytes: 16 }, 2).map((message) => message.toString('latin1'));
  expect(first).toMatch(/^\*3\r\n\$7\r\nPUBLISH\r\n\$2\r\n\/a\r\n\$16\r\n[^]{16}\r\n$/);
  expect(second).toContain('\r\n/b\r\n');
});

it('finds the time of a stamped message in its delivery', () => {
  const payload = stamped('/a', 12.5).subarray(-10, -2);
  const delivery = Buffer.concat([
    Buffer.from('*3\r\n$7\r\nmessage\r\n$2\r\n/a\r\n$8\r\n'),
    payload,
    Buffer.from('\r\n'),
  ]);
  const walker = new RedisWalker();
  const times: number[] = [];
  walker.onDelivery = (bytes, start) => times.push(sentAt(bytes, start));
  walker.walk(delivery, delivery.length);
  expect(times).toEqual([12.5]);
});
