import { beforeEach, describe, expect, it } from '@jest/globals';
import type { FeedMessage, View } from '../../../src/inspector/feed.js';
import { FeedLink, type LinkHost, type LinkState, type SocketEvents } from '../../../src/inspector/page/feed-link.js';
import { welcome } from './fake-router.js';

/** A browser whose sockets and timers the test controls. */
class FakeHost implements LinkHost {
  readonly secrets: LinkHost['secrets'] = {};
  readonly sockets: { readonly events: SocketEvents; readonly sent: unknown[] }[] = [];
  readonly waits: { readonly run: () => void; readonly milliseconds: number }[] = [];

  open(events: SocketEvents): { send(text: string): void } {
    const sent: unknown[] = [];
    this.sockets.push({ events, sent });
    return { send: (text) => sent.push(JSON.parse(text)) };
  }

  later(run: () => void, milliseconds: number): void {
    this.waits.push({ run, milliseconds });
  }

  get last(): FakeHost['sockets'][number] {
    return this.sockets.at(-1)!; // tests start the link first
  }

  say(message: FeedMessage): void {
    this.last.events.received(JSON.stringify(message));
  }

  drop(): void {
    this.last.events.closed();
    this.waits.at(-1)!.run(); // a closed link always has a timer
  }
}

const watchSessions = { type: 'watch', view: 'sessions' } as const;
let host: FakeHost;
let states: LinkState[];
let told: string[];
let link: FeedLink;

beforeEach(() => {
  host = new FakeHost();
  states = [];
  told = [];
  link = new FeedLink(host, {
    stateChanged: (state) => states.push(state),
    renewed: (view) => told.push(`renewed ${view}`),
    received: ({ type }) => told.push(type),
  });
  link.start();
});

describe('the link to the feed', () => {
  it('watches its views after the welcome, and announces the restart before', () => {
    link.watch(watchSessions);
    expect(host.last.sent).toEqual([]);
    host.say(welcome);
    expect(host.last.sent).toEqual([watchSessions]);
    expect(told).toEqual(['welcome', 'renewed sessions']);
  });

  it('watches again after each loss, with the last request of each view and without closed views', () => {
    host.say(welcome);
    link.watch(watchSessions);
    link.watch({ type: 'watch', view: 'signals', pattern: '/a/**' });
    link.watch({ type: 'watch', view: 'signals', pattern: '/b/**' });
    link.watch({ type: 'watch', view: 'stately' });
    link.unwatch('stately');
    host.drop();
    host.say(welcome);
    expect(host.sockets).toHaveLength(2);
    expect(host.last.sent).toEqual([watchSessions, { type: 'watch', view: 'signals', pattern: '/b/**' }]);
  });

  it('waits longer after each failed attempt, up to 5 s, and resets the delay after a welcome', () => {
    for (let loss = 0; loss < 6; loss++) host.drop();
    host.say(welcome);
    host.drop();
    expect(host.waits.map(({ milliseconds }) => milliseconds)).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000, 500]);
    expect(states.at(-1)).toEqual({ kind: 'lost', attempts: 1 });
  });

  it('asks for a token if one is required, and for nothing else before it is accepted', () => {
    link.watch(watchSessions);
    host.say({ ...welcome, needsToken: true });
    expect(states).toEqual([{ kind: 'locked', needs: 'token', problem: undefined }]);
    link.give('token', 't1');
    expect(host.last.sent).toEqual([{ type: 'authenticate', token: 't1' }]);
    host.say(welcome);
    expect(host.last.sent.at(-1)).toEqual(watchSessions);
  });

  it('sends its token again after a loss', () => {
    host.say({ ...welcome, needsToken: true });
    link.give('token', 't1');
    host.say(welcome);
    host.drop();
    host.say({ ...welcome, needsToken: true });
    expect(host.last.sent).toEqual([{ type: 'authenticate', token: 't1' }]);
  });

  it('forgets a refused token, and states why', () => {
    host.say({ ...welcome, needsToken: true });
    link.give('token', 'bad');
    host.say({ type: 'refused', text: 'The token has expired' });
    expect(states.at(-1)).toEqual({ kind: 'locked', needs: 'token', problem: 'The token has expired' });
    host.drop();
    host.say({ ...welcome, needsToken: true });
    expect(host.last.sent).toEqual([]);
    expect(states.at(-1)).toEqual({ kind: 'locked', needs: 'token', problem: 'The token has expired' });
  });

  it('keeps a token that was given after the refused one was sent', () => {
    host.say({ ...welcome, needsToken: true });
    link.give('token', 'bad');
    link.give('token', 'good');
    host.say({ type: 'refused', text: 'The token is not known' }); // the first one
    expect(host.secrets.token).toBe('good');
    expect(states.map(({ kind }) => kind)).toEqual(['locked']);
    host.say(welcome);
    host.drop();
    host.say({ ...welcome, needsToken: true });
    expect(host.last.sent).toEqual([{ type: 'authenticate', token: 'good' }]);
    host.say({ type: 'refused', text: 'The token has expired' });
    expect(host.secrets.token).toBeUndefined();
  });

  it('sends the key of its link only when the router requires it', () => {
    link.give('key', 'k1');
    expect(host.last.sent).toEqual([]);
    link.watch(watchSessions);
    host.say({ ...welcome, needsKey: true });
    expect(host.last.sent).toEqual([{ type: 'unlock', key: 'k1' }]);
    expect(states).toEqual([]);
    host.say(welcome);
    expect(host.last.sent.at(-1)).toEqual(watchSessions);
  });

  it('forgets a key from before the last start, asks for another, and sends that', () => {
    link.give('key', 'old');
    host.say({ ...welcome, needsKey: true });
    host.say({ type: 'refused', text: 'the key is wrong' });
    expect(states).toEqual([{ kind: 'locked', needs: 'key', problem: 'the key is wrong' }]);
    expect(host.secrets.key).toBeUndefined();
    link.give('key', 'new');
    expect(host.last.sent.at(-1)).toEqual({ type: 'unlock', key: 'new' });
  });

  it('does not wait for answers of a lost connection', () => {
    host.say({ ...welcome, needsToken: true });
    link.give('token', 't1');
    host.drop();
    host.say({ ...welcome, needsToken: true });
    host.say({ type: 'refused', text: 'The token has expired' });
    expect(host.secrets.token).toBeUndefined();
  });

  it('does not watch a view that its listener closes at the restart', () => {
    const events = {
      stateChanged: () => undefined,
      received: () => undefined,
      renewed: (view: View) => {
        if (view === 'stately') link.unwatch(view);
      },
    };
    link = new FeedLink(host, events);
    link.start();
    link.watch({ type: 'watch', view: 'stately' });
    link.watch(watchSessions);
    host.say(welcome);
    expect(host.last.sent.filter((message) => JSON.stringify(message).includes('"watch"'))).toEqual([watchSessions]);
  });

  it('resolves each write with its own answer', async () => {
    host.say(welcome);
    const first = link.write({ type: 'set', address: '/a', value: 0.5 });
    const second = link.write({ type: 'emit', address: '/b', value: undefined });
    expect(host.last.sent).toEqual([
      { type: 'set', id: 1, address: '/a', value: 0.5 },
      { type: 'emit', id: 2, address: '/b' },
    ]);
    host.say({ type: 'done', id: 2 });
    host.say({ type: 'done', id: 1, error: 'Parameter is locked' });
    expect(await Promise.all([first, second])).toEqual(['Parameter is locked', undefined]);
  });

  it('resolves pending writes when the connection is lost, and rejects writes before the welcome', async () => {
    expect(await link.write({ type: 'set', address: '/a', value: 1 })).toContain('not connected');
    host.say(welcome);
    const write = link.write({ type: 'set', address: '/a', value: 1 });
    host.drop();
    expect(await write).toContain('was lost');
  });

  it.each(['', 'x', 'null', '5', '[]', '{}', new ArrayBuffer(2)])('ignores the message %p', (data) => {
    host.last.events.received(data);
    expect(told).toEqual([]);
  });
});
