import { afterEach, describe, expect, it } from '@jest/globals';
import type { Authenticator, Grant } from '../../src/core/ports.js';
import { createRouter, type Router, type RouterOptions, tcp } from '../../src/index.js';
import { decodeFrame, encodeFrame } from '../../src/protocol/frame.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { parseScopes } from '../../src/protocol/scope.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { fromElsewhere } from '../support/from-elsewhere.js';
import { until } from '../support/inbox.js';
import { SteadyClock } from '../support/steady-clock.js';
import { TcpClient } from '../support/tcp-client.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Venue {
  readonly router: Router;
  readonly clock: SteadyClock;
  /** Connects from an address and sends HELLO. */
  connect(address: string, token?: string): Promise<TcpClient>;
  /** The same; resolves with WELCOME and the first SNAPSHOT. */
  join(address: string, token?: string): Promise<TcpClient>;
}

async function open(options: RouterOptions): Promise<Venue> {
  const clock = new SteadyClock();
  const router = createRouter({ clock, drainTimeoutSeconds: 0, ...options });
  cleanUps.push(() => router.stop());
  let from = '';
  cleanUps.push(fromElsewhere(() => from));
  const [door] = await router.listen(tcp({ host: '127.0.0.1', port: 0 }));
  const connect = async (address: string, token?: string): Promise<TcpClient> => {
    from = address;
    const client = await TcpClient.connect(door!.url);
    cleanUps.push(() => client.socket.destroy());
    send(client, { type: 'hello', version: 1, name: 'client', features: [], token });
    return client;
  };
  const join = async (address: string, token?: string): Promise<TcpClient> => {
    const client = await connect(address, token);
    await client.receive(2);
    return client;
  };
  return { router, clock, connect, join };
}

function send(client: TcpClient, message: Message): void {
  client.send(encodeFrame(message));
}

async function answer(client: TcpClient): Promise<Message> {
  const [frame] = await client.receive(1);
  return decodeFrame(frame!).message; // it has arrived
}

/** Resolves with the last message before the connection ended. */
async function lastOf(client: TcpClient): Promise<Message> {
  await client.ended;
  return decodeFrame(client.frames.at(-1)!).message; // at least WELCOME
}

async function several<T>(count: number, make: () => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  for (let i = 0; i < count; i++) made.push(await make());
  return made;
}

describe('one client that takes all sessions and sends nothing more', () => {
  it('does not exclude others: a new connection displaces its longest idle session, which gets ERROR 503', async () => {
    const { router, clock, connect, join } = await open({ maxSessions: 8 });
    const [desk, lamp] = [await join('192.0.2.1'), await join('192.0.2.1')];
    send(lamp, { type: 'subscribe', id: 1, pattern: '/lights/**' });
    const held = await several(6, () => join('203.0.113.9'));
    await clock.pass(5_000);
    const phone = await connect('192.0.2.2');
    expect(await answer(phone)).toMatchObject({ type: 'welcome' });
    const message =
      'Session closed for a new connection: the router is full (the option maxSessions), its address has the most ' +
      'sessions (6), and it has neither subscribed nor written for 5 s or longer';
    expect(await lastOf(held[0]!)).toEqual({ type: 'error', code: 503, message });
    expect(router.statistics().displacedSessions).toBe(1);
    send(desk, { type: 'set', address: '/lights/1', value: encodeValue(1) });
    const [, , value] = await lamp.receive(3);
    expect(decodeFrame(value!).message).toMatchObject({ type: 'set', address: '/lights/1' });
    expect(router.sessionCount).toBe(8);
  });

  it('does not exclude others by sending PINGs', async () => {
    const { clock, connect, join } = await open({ maxSessions: 4 });
    const held = await several(4, () => join('203.0.113.9'));
    for (let seconds = 0; seconds < 6; seconds++) {
      await clock.pass(1_000);
      for (const client of held) send(client, { type: 'ping' });
      await Promise.all(held.map((client) => client.receive(3 + seconds)));
    }
    expect(await answer(await connect('192.0.2.2'))).toMatchObject({ type: 'welcome' });
  });

  it('delays new connections of others until its sessions are 5 s old', async () => {
    const { router, clock, connect, join } = await open({ maxSessions: 4 });
    await several(4, () => join('203.0.113.9'));
    const phone = await connect('192.0.2.2');
    let answered = false;
    const first = answer(phone).finally(() => (answered = true));
    await clock.pass(4_500);
    expect([answered, router.statistics().displacedSessions]).toEqual([false, 0]);
    await clock.pass(1_000);
    expect(await first).toMatchObject({ type: 'welcome' });
  });
});

describe('a client that connects repeatedly to a full router', () => {
  it('closes no session that has subscribed or written, and is refused with the limit', async () => {
    const { router, clock, connect, join } = await open({ maxSessions: 4 });
    const phones = await several(4, () => join('192.0.2.1'));
    for (const [i, phone] of phones.entries()) {
      if (i % 2 === 0) send(phone, { type: 'subscribe', id: 1, pattern: '/a/**' });
      else send(phone, { type: 'set', address: '/b', value: encodeValue(1) });
    }
    await until(() => router.statistics().messages.set === 2 && router.statistics().counts.subscriptions === 2);
    await clock.pass(6_000);
    for (let i = 0; i < 5; i++) {
      const refusal = await answer(await connect('203.0.113.9'));
      expect(refusal).toMatchObject({ type: 'error', code: 503, message: 'Too many sessions: the limit is 4' });
    }
    expect(router.statistics().displacedSessions).toBe(0);
    expect(phones.every(({ socket }) => !socket.destroyed)).toBe(true);
  });
});

describe('the holder of a token', () => {
  const authenticator: Authenticator = {
    authenticate: (token) => {
      const scopes = parseScopes('read:/**');
      const grant: Grant = { tokenId: token, subject: undefined, scopes, constraints: [], expiresAtSeconds: undefined };
      return Promise.resolve(grant);
    },
    onRevoked: () => () => undefined,
  };

  it('cannot open more sessions than maxSessionsPerToken, from any address', async () => {
    const { router, connect, join } = await open({ maxSessions: 8, maxSessionsPerToken: 2, authenticator });
    const [first] = [await join('203.0.113.1', 'guest'), await join('203.0.113.2', 'guest')];
    const third = await connect('203.0.113.3', 'guest');
    const message = 'Too many sessions with this token: it has 2; the limit is 2, the option maxSessionsPerToken';
    expect(await answer(third)).toEqual({ type: 'error', code: 503, message });
    await join('203.0.113.3', 'desk');
    first.socket.destroy();
    await until(() => router.sessionCount === 2);
    await join('203.0.113.4', 'guest');
  });
});
