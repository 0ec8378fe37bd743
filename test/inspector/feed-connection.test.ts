import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import type { Client } from '../../src/client/index.js';
import type { Authenticator, Grant } from '../../src/core/ports.js';
import type { FeedMessage, PageMessage } from '../../src/inspector/feed.js';
import { FeedConnection, type FeedHost } from '../../src/inspector/feed-connection.js';
import type { SendText, SendFeed } from '../../src/inspector/views.js';
import { ClaspError } from '../../src/protocol/errors.js';
import { parseScopes } from '../../src/protocol/scope.js';
import { turns } from '../support/inbox.js';
import { inputRead, WallClock } from '../support/steady-clock.js';

const [ONE_MIB, FOUR_MIB] = [1 << 20, 4 << 20];

/** A page at the other end of a socket. The test controls how much the network accepts. */
class PageSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  isTerminated = false;
  closeCode: number | undefined;
  readonly heard: FeedMessage[] = [];

  readonly #sent: ((error?: Error) => void)[] = [];

  send(text: string, done: (error?: Error) => void): void {
    this.heard.push(JSON.parse(text) as FeedMessage); // format that the connection writes
    this.#sent.push(done);
  }

  /** The network accepts the oldest message, or reports an error. */
  take(error?: Error): void {
    this.#sent.shift()?.(error);
  }

  takeAll(): void {
    while (this.#sent.length > 0) this.take();
  }

  close(code: number): void {
    this.readyState = 2;
    this.closeCode = code;
  }

  terminate(): void {
    this.isTerminated = true;
    this.readyState = 3;
    this.emit('close');
  }

  say(message: PageMessage): void {
    this.emit('message', Buffer.from(JSON.stringify(message)), false);
  }

  get types(): readonly string[] {
    return this.heard.map(({ type }) => type);
  }
}

const grant = (scopes: string, expiresAtSeconds?: number): Grant => ({
  tokenId: 't',
  subject: undefined,
  scopes: parseScopes(scopes),
  constraints: [],
  expiresAtSeconds,
});

class Tokens implements Authenticator {
  tried = 0;
  readonly revoked = new Set<() => void>();
  async authenticate(token: string): Promise<Grant> {
    this.tried++;
    await Promise.resolve();
    if (token === 'admin') return grant('admin:/**');
    if (token === 'short') return grant('admin:/**', 60);
    if (token === 'reader') return grant('read:/**');
    throw new ClaspError(300, 'that token is unknown');
  }
  onRevoked(_: Grant, listener: () => void): () => void {
    this.revoked.add(listener);
    return () => this.revoked.delete(listener);
  }
}

/** The part of a client that the connection uses. */
class Writer {
  state = 'connected';
  readonly written: unknown[] = [];
  set(address: string, value: unknown): Promise<void> {
    if (address === '/no') return Promise.reject(new ClaspError(403, 'not here'));
    this.written.push([address, value]);
    return Promise.resolve();
  }
  close(): Promise<void> {
    this.state = 'closed';
    return Promise.resolve();
  }
}

function opened(authenticator?: Tokens) {
  const clock = new WallClock();
  const socket = new PageSocket();
  const writers: Writer[] = [];
  const tokensOfWriters: (string | undefined)[] = [];
  const counts = { views: 0, lists: 0, failures: 0 };
  const disconnected: string[] = [];
  let tellView: SendFeed = () => undefined;
  let sendView: SendText = () => undefined;
  const host: FeedHost = {
    clock,
    access: authenticator === undefined ? { kind: 'none' } : { kind: 'token', authenticator },
    hasCapacity: () => true,
    opened: () => undefined,
    welcome: (needs) => ({
      type: 'welcome',
      router: 'r',
      version: '1',
      needsToken: needs === 'token',
      needsKey: needs === 'key',
      mayWrite: needs === undefined,
      nowMs: clock.now(),
      charts: {},
    }),
    watch: (watch, sendFeed, send) => {
      if (watch.view === 'traffic') throw new ClaspError(202, 'that is no pattern');
      counts.views++;
      [tellView, sendView] = [sendFeed, send];
      sendFeed({ type: 'sessions', nowMs: 0, total: 0, rows: [], removed: [] });
      return { stop: () => counts.views-- };
    },
    watchActors: (sendFeed) => {
      counts.lists++;
      sendFeed({ type: 'actors', actors: [] });
      return { stop: () => counts.lists-- };
    },
    connect: (token) => {
      if (counts.failures-- > 0) return Promise.reject(new Error('there is no room'));
      tokensOfWriters.push(token);
      const writer = new Writer();
      writers.push(writer);
      return Promise.resolve(writer as unknown as Client); // the used part
    },
    disconnected: (why) => disconnected.push(why),
  };
  const page = new FeedConnection(socket as unknown as WebSocket, host); // the used part
  const update = (): void => {
    tellView({ type: 'sessions', nowMs: 1, total: 1, rows: [], removed: [] });
  };
  const sendBy: SendText = (text, done) => {
    sendView(text, done);
  };
  return { clock, socket, writers, tokensOfWriters, counts, page, update, disconnected, sendView: sendBy };
}

describe('a page that is behind', () => {
  it('receives nothing until it has caught up, then all views again and the answers', async () => {
    const { clock, socket, update, counts } = opened();
    socket.say({ type: 'watch', view: 'sessions' });
    expect(socket.types).toEqual(['welcome', 'actors', 'sessions']);
    socket.bufferedAmount = FOUR_MIB + 1;
    update();
    socket.say({ type: 'set', id: 7, address: '/a', value: 1 });
    await turns(5);
    socket.bufferedAmount = ONE_MIB + 1;
    update();
    clock.increment(1_000);
    expect(socket.types).toHaveLength(3);
    socket.bufferedAmount = ONE_MIB;
    clock.increment(1_000);
    expect(socket.types.slice(3)).toEqual(['done', 'actors', 'sessions']);
    expect(counts).toMatchObject({ views: 1, lists: 1 });
  });

  it('is closed if it does not catch up within 30 s', async () => {
    const { clock, socket, update, counts, disconnected } = opened();
    socket.say({ type: 'watch', view: 'sessions' });
    socket.bufferedAmount = FOUR_MIB + 1;
    update();
    for (let second = 0; second < 30; second++) {
      clock.increment(1_000);
      socket.take(); // reads a little, but not enough
    }
    expect(socket.isTerminated).toBe(false);
    await clock.pass(1_000);
    expect(socket.isTerminated).toBe(true);
    expect(disconnected).toEqual(['it did not catch up within 30 s']);
    expect(counts).toMatchObject({ views: 0, lists: 0 });
  });

  it('is closed if it reads nothing for 30 s, however small its queue is', async () => {
    const { clock, socket, update, disconnected } = opened();
    socket.say({ type: 'watch', view: 'sessions' });
    clock.increment(60_000); // the queue is empty
    socket.bufferedAmount = 1;
    update();
    clock.increment(20_000);
    socket.take();
    clock.increment(20_000);
    socket.take(new Error('not open'));
    clock.increment(10_000);
    expect(socket.isTerminated).toBe(false);
    await clock.pass(1_000);
    expect(socket.isTerminated).toBe(true);
    expect(disconnected).toEqual(['it read nothing for 30 s']);
  });

  it('stays open if the process was suspended and the page reads within the grace period', async () => {
    const { clock, socket, update } = opened();
    socket.say({ type: 'watch', view: 'sessions' });
    socket.bufferedAmount = 1;
    update();
    clock.stall(45_000);
    await clock.pass(29_000);
    socket.bufferedAmount = 0;
    await clock.pass(60_000);
    expect(socket.isTerminated).toBe(false);
  });

  it('receives a view with its own queue regardless of the limit, and that view does not restart', () => {
    const { clock, socket, update, sendView, counts } = opened();
    socket.say({ type: 'watch', view: 'stately' });
    socket.bufferedAmount = FOUR_MIB + 1;
    update(); // dropped
    const known = socket.heard.length;
    const taken: (Error | null | undefined)[] = [];
    const event: FeedMessage = { type: 'stately', events: [{ type: '@xstate.actor' }] };
    sendView(JSON.stringify(event), (error) => taken.push(error));
    expect(socket.heard.slice(known)).toEqual([event]);
    socket.takeAll();
    expect(taken).toEqual([undefined]);
    socket.bufferedAmount = ONE_MIB;
    clock.increment(1_000);
    expect(socket.types.slice(known + 1)).toEqual(['actors']);
    expect(counts.views).toBe(1);
  });

  it('is not behind with 4 MB', () => {
    const { socket, update } = opened();
    socket.say({ type: 'watch', view: 'sessions' });
    socket.bufferedAmount = FOUR_MIB;
    update();
    expect(socket.types).toHaveLength(4);
  });
});

describe('a page on a router with tokens', () => {
  it('sees nothing before its token, and writes with that token', async () => {
    const { socket, counts, tokensOfWriters } = opened(new Tokens());
    socket.say({ type: 'watch', view: 'sessions' });
    expect(socket.heard).toMatchObject([{ type: 'welcome', needsToken: true, mayWrite: false }, { type: 'refused' }]);
    socket.say({ type: 'authenticate', token: 'admin' });
    await turns(5);
    expect(socket.heard.slice(2)).toMatchObject([{ type: 'welcome', needsToken: false }, { type: 'actors' }]);
    socket.say({ type: 'set', id: 1, address: '/a', value: 1 });
    await turns(5);
    expect(tokensOfWriters).toEqual(['admin']);
    expect(counts.lists).toBe(1);
  });

  it.each([
    ['reader', 'admin:/**'],
    ['wrong', 'unknown'],
  ])('is refused after a delay if its token is %s', async (token, why) => {
    const { socket, clock } = opened(new Tokens());
    socket.say({ type: 'authenticate', token });
    await turns(5);
    expect(socket.types).toEqual(['welcome']);
    clock.increment(500);
    expect(socket.heard.at(-1)).toMatchObject({ type: 'refused', text: expect.stringContaining(why) as unknown });
  });

  it('has three tries, also if it sends them at once', async () => {
    const tokens = new Tokens();
    const { socket } = opened(tokens);
    for (let tries = 0; tries < 5; tries++) socket.say({ type: 'authenticate', token: 'wrong' });
    socket.say({ type: 'authenticate', token: 'admin' });
    await turns(5);
    expect(tokens.tried).toBe(3);
    expect(socket.closeCode).toBe(1001);
    expect(socket.heard.at(-1)).toMatchObject({ text: 'too many tokens were tried' });
  });

  it('is admitted once, however often it sends its token', async () => {
    const tokens = new Tokens();
    const { socket, counts } = opened(tokens);
    socket.say({ type: 'authenticate', token: 'admin' });
    socket.say({ type: 'authenticate', token: 'admin' });
    await turns(5);
    expect(counts.lists).toBe(1);
    expect(tokens.revoked.size).toBe(1);
    socket.terminate();
    expect(tokens.revoked.size).toBe(0);
  });

  it('leaves no watch on the grant if it disconnects before its token is checked', async () => {
    const tokens = new Tokens();
    const { socket, counts } = opened(tokens);
    socket.say({ type: 'authenticate', token: 'admin' });
    socket.terminate();
    await turns(5);
    expect(tokens.revoked.size).toBe(0);
    expect(counts.lists).toBe(0);
  });

  it('is closed if it sends no token, so that it does not occupy a place', async () => {
    const { socket, clock } = opened(new Tokens());
    await clock.pass(59_000);
    expect(socket.closeCode).toBeUndefined();
    await clock.pass(1_000);
    expect(socket.heard.at(-1)).toMatchObject({ type: 'refused', text: 'no token arrived within 60 s' });
    expect(socket.closeCode).toBe(1001);
  });

  it('is admitted by a token that was in the input while the process was suspended', async () => {
    const { socket, clock } = opened(new Tokens());
    clock.stall(90_000);
    await inputRead();
    socket.say({ type: 'authenticate', token: 'admin' });
    await clock.pass(60_000);
    expect(socket.closeCode).toBeUndefined();
    expect(socket.heard.find(({ type }) => type === 'refused')).toBeUndefined();
  });

  it('is closed within a second after the wall clock jumps past the end of its token', async () => {
    const { socket, clock } = opened(new Tokens());
    socket.say({ type: 'authenticate', token: 'short' });
    await turns(5);
    clock.aheadMs = 60_000;
    clock.increment(1_000);
    expect(socket.heard.at(-1)).toMatchObject({ type: 'refused', text: 'the token has expired' });
    expect(socket.closeCode).toBe(1001);
  });

  it.each(['revoked', 'expired'])('is closed if its token is %s, and its further messages are ignored', async (end) => {
    const tokens = new Tokens();
    const { socket, counts, clock, writers } = opened(tokens);
    socket.say({ type: 'authenticate', token: 'short' });
    await turns(5);
    socket.say({ type: 'watch', view: 'sessions' });
    if (end === 'revoked') for (const revoke of tokens.revoked) revoke();
    else clock.increment(60_000);
    expect(socket.heard.at(-1)).toMatchObject({ type: 'refused', text: expect.stringContaining(end) as unknown });
    expect(socket.closeCode).toBe(1001);
    socket.say({ type: 'set', id: 1, address: '/a', value: 1 });
    socket.say({ type: 'watch', view: 'sessions' });
    await turns(5);
    expect(writers).toEqual([]);
    expect(counts).toMatchObject({ views: 0, lists: 0 });
  });
});

describe('a write of a page', () => {
  it('is answered with its id, also on error, and all writes share one session', async () => {
    const { socket, writers } = opened();
    socket.say({ type: 'set', id: 1, address: '/a', value: { $int: '5' } });
    socket.say({ type: 'set', id: 2, address: '/no', value: 1 });
    await turns(5);
    expect(socket.heard.slice(2)).toEqual([
      { type: 'done', id: 1 },
      { type: 'done', id: 2, error: 'not here' },
    ]);
    expect(writers.map(({ written }) => written)).toEqual([[['/a', 5n]]]);
    socket.terminate();
    await turns(5);
    expect(writers[0]?.state).toBe('closed');
  });

  it('opens a new session if none is open', async () => {
    const { socket, writers, counts } = opened();
    counts.failures = 1;
    socket.say({ type: 'set', id: 1, address: '/a', value: 1 });
    await turns(5);
    socket.say({ type: 'set', id: 2, address: '/a', value: 1 });
    await turns(5);
    writers[0]!.state = 'closed';
    socket.say({ type: 'set', id: 3, address: '/a', value: 1 });
    await turns(5);
    expect(socket.heard.slice(2)).toEqual([
      { type: 'done', id: 1, error: 'there is no room' },
      { type: 'done', id: 2 },
      { type: 'done', id: 3 },
    ]);
    expect(writers).toHaveLength(2);
  });

  it('is refused if the message or the pattern is invalid, and the page stays open', () => {
    const { socket } = opened();
    socket.emit('message', Buffer.from('{'), false);
    socket.emit('message', Buffer.from('{"type":"watch","view":"sessions"}'), true);
    socket.say({ type: 'watch', view: 'traffic', pattern: 'x' });
    expect(socket.types.slice(2)).toEqual(['refused', 'refused', 'refused']);
    expect(socket.closeCode).toBeUndefined();
  });
});
