import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../src/client/client.js';
import type { Signal } from '../../src/client/signal.js';
import type { Message } from '../../src/protocol/messages/message.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { turns } from '../support/inbox.js';
import { failure, outcome, ScriptedRouter, setTo, snapshot } from './scripted-router.js';

let router: ScriptedRouter;
let client: Client;

beforeEach(async () => {
  router = new ScriptedRouter();
  client = await router.connect({ maxCachedParams: 4 });
});

afterEach(() => client.close());

const event = (address: string, value = 1): Message => ({
  type: 'publish',
  signal: 'event',
  address,
  value: encodeValue(value),
});

/** Returns a short form of a received signal: `/a=1`, `/a=1 from snapshot`, `!/go`. */
function brief(signal: Signal): string {
  if (signal.kind !== 'param') return `!${signal.address}`;
  return `${signal.address}=${signal.value as number}${signal.fromSnapshot ? ' from snapshot' : ''}`;
}

function hearing(pattern: string, options = {}): string[] {
  const heard: string[] = [];
  client.on(pattern, (signal) => heard.push(brief(signal)), options);
  return heard;
}

describe('on', () => {
  it('sends SUBSCRIBE with its own id and all options', async () => {
    client.on('/a/**', () => undefined);
    client.on('/b', () => undefined, { types: ['param', 'stream'], maxRate: 30, epsilon: 0.01, window: 5, history: 2 });
    await turns();
    expect(router.latest.all('subscribe')).toEqual([
      { type: 'subscribe', id: 1, pattern: '/a/**', types: undefined, options: undefined },
      {
        type: 'subscribe',
        id: 2,
        pattern: '/b',
        types: ['param', 'stream'],
        options: { maxRate: 30, epsilon: 0.01, window: 5, history: 2 },
      },
    ]);
  });

  it.each([
    ['an invalid pattern', 'a/b', {}],
    ['a rate below zero', '/a', { maxRate: -1 }],
    ['half a sample', '/a', { history: 0.5 }],
    ['an invalid epsilon', '/a', { epsilon: NaN }],
  ])('rejects %s immediately', (_, pattern, options) => {
    expect(() => client.on(pattern, () => undefined, options)).toThrow();
  });

  it('delivers params with all their known fields', async () => {
    const heard: Signal[] = [];
    client.on('/a', (signal) => heard.push(signal));
    await router.latest.say({ type: 'set', address: '/a', value: encodeValue(1n), revision: 2, lock: true, ttl: 5 });
    expect(heard).toEqual([{ kind: 'param', address: '/a', value: 1n, revision: 2, lock: true, fromSnapshot: false }]);
  });

  it.each<[string, Message, object]>([
    ['an event', event('/a', 2), { kind: 'event', value: 2 }],
    [
      'an event without value',
      { type: 'publish', signal: 'event', address: '/a' },
      { kind: 'event', value: undefined },
    ],
    [
      'samples',
      { type: 'publish', signal: 'stream', address: '/a', samples: [1, 2], rate: 100 },
      { kind: 'stream', samples: [1, 2], rate: 100 },
    ],
    [
      'a gesture',
      {
        type: 'publish',
        signal: 'gesture',
        address: '/a',
        id: 3,
        phase: 'move',
        value: encodeValue([1]),
        timestamp: 9,
      },
      { kind: 'gesture', id: 3, phase: 'move', value: [1], timestamp: 9 },
    ],
    [
      'a timeline',
      {
        type: 'publish',
        signal: 'timeline',
        address: '/a',
        value: encodeValue(new Map([['keyframes', [new Map([['time', 5], ['value', 1]])]]])), // prettier-ignore
      },
      { kind: 'timeline', timeline: { keyframes: [{ time: 5, value: encodeValue(1).copy() }] } },
    ],
    [
      'an invalid timeline',
      { type: 'publish', signal: 'timeline', address: '/a', value: encodeValue(7) },
      { kind: 'timeline', value: 7 },
    ],
    [
      'a param that is not stored',
      { type: 'publish', signal: 'param', address: '/a', value: encodeValue(7) },
      { kind: 'param', value: 7, revision: 0, fromSnapshot: false },
    ],
  ])('delivers %s', async (_, message, signal) => {
    const heard: Signal[] = [];
    client.on('/*', (heardOne) => heard.push(heardOne));
    await router.latest.say(message);
    expect(heard).toEqual([{ address: '/a', ...signal }]);
  });

  it('delivers to each listener only signals of its pattern and types, and once', async () => {
    const all = hearing('/**');
    const lights = hearing('/lights/*');
    const events = hearing('/lights/**', { types: ['event'] });
    const every = hearing('/x', { types: [] });
    await router.latest.say(setTo('/lights/1', 1, 1), event('/lights/go'), setTo('/x', 2, 1), event('/lights/a/b'));
    expect(all).toEqual(['/lights/1=1', '!/lights/go', '/x=2', '!/lights/a/b']);
    expect(lights).toEqual(['/lights/1=1', '!/lights/go']);
    expect(events).toEqual(['!/lights/go', '!/lights/a/b']);
    expect(every).toEqual(['/x=2']);
  });

  it('delivers the items of a bundle', async () => {
    const heard = hearing('/**');
    await router.latest.say({ type: 'bundle', messages: [setTo('/a', 1, 1), event('/go'), { type: 'ping' }] });
    expect(heard).toEqual(['/a=1', '!/go']);
    expect(router.latest.all('pong')).toEqual([]);
  });
});

describe('the end of a subscription', () => {
  it('is sent to the router, and its listener receives nothing more', async () => {
    const heard: string[] = [];
    const off = client.on('/a', (signal) => heard.push(brief(signal)));
    await router.latest.say(setTo('/a', 1, 1));
    off();
    off();
    await router.latest.say(setTo('/a', 2, 2));
    expect(heard).toEqual(['/a=1']);
    expect(router.latest.all('unsubscribe')).toEqual([{ type: 'unsubscribe', id: 1 }]);
  });

  it('takes effect during a delivery', async () => {
    const heard: string[] = [];
    const ends: (() => void)[] = [];
    client.on('/a', () => {
      for (const end of ends) end();
    });
    ends.push(client.on('/a', (signal) => heard.push(brief(signal))));
    await router.latest.say(setTo('/a', 1, 1));
    expect(heard).toEqual([]);
  });

  it('happens if the router rejects it: ready rejects, onError is called, the listener receives nothing more', async () => {
    router.answersSyncs = false;
    const errors: Error[] = [];
    client.onError((error) => errors.push(error));
    const heard: string[] = [];
    const { ready } = client.on('/secret/**', (signal) => heard.push(brief(signal)));
    ready.catch(() => undefined);
    await turns();
    await router.latest.say(failure(301, 'Forbidden', '/secret/**'), setTo('/secret/a', 1, 1));
    await expect(ready).rejects.toMatchObject({ code: 301, address: '/secret/**' });
    expect(errors).toHaveLength(1);
    await router.latest.say(setTo('/secret/a', 2, 2));
    expect(heard).toEqual([]);
  });
});

describe('a rejection that arrives after the subscription has ended', () => {
  it('is not reported', async () => {
    router.answersSyncs = false;
    const errors: Error[] = [];
    client.onError((error) => errors.push(error));
    client.on('/secret', () => undefined)();
    await turns();
    await router.latest.say(failure(301, 'Forbidden', '/secret'));
    expect(errors).toEqual([]);
  });
});

describe('ready', () => {
  it('resolves when the router has answered the SYNC after the subscription', async () => {
    router.answersSyncs = false;
    const { ready } = client.on('/a', () => undefined);
    expect(await outcome(ready)).toBe('waiting');
    await router.latest.answerSyncs();
    expect(await outcome(ready)).toEqual({ value: undefined });
  });

  it('rejects when the client closes', async () => {
    router.answersSyncs = false;
    const { ready } = client.on('/a', () => undefined);
    void client.close();
    await expect(ready).rejects.toHaveProperty('kind', 'closed');
    expect(() => client.on('/b', () => undefined)).toThrow('the client is closed');
  });
});

describe('snapshots', () => {
  it('deliver each value once per subscription, for any number of overlapping ones', async () => {
    router.answersSyncs = false;
    const first = hearing('/a/**');
    await router.latest.answerSyncs(snapshot(['/a/1', 1, 1], ['/a/2', 2, 5]));
    const second = hearing('/a/*');
    await router.latest.answerSyncs(snapshot(['/a/1', 1, 1], ['/a/2', 3, 6]));
    expect(first).toEqual(['/a/1=1 from snapshot', '/a/2=2 from snapshot', '/a/2=3 from snapshot']);
    expect(second).toEqual(['/a/1=1 from snapshot', '/a/2=3 from snapshot']);
  });

  it('deliver no value that a write has already delivered', async () => {
    const heard = hearing('/a');
    await router.latest.say(setTo('/a', 2, 2), snapshot(['/a', 2, 2]), setTo('/a', 2, 3));
    expect(heard).toEqual(['/a=2', '/a=2']);
  });

  it('deliver past values only where requested, the oldest first', async () => {
    router.answersSyncs = false;
    const other = hearing('/**');
    await router.latest.answerSyncs(snapshot(['/a', 3, 3]));
    const heard = hearing('/a', { history: 3 });
    await router.latest.answerSyncs(snapshot(['/a', 1, 1], ['/a', 2, 2], ['/a', 3, 3]));
    expect(heard.map((text) => text.slice(0, 4))).toEqual(['/a=1', '/a=2', '/a=3']);
    expect(other).toEqual(['/a=3 from snapshot']);
    expect(client.cached('/a')).toMatchObject({ value: 3, revision: 3 });
  });

  it('deliver past values even if another subscription’s snapshot delivered the present first', async () => {
    router.answersSyncs = false;
    const heard = hearing('/a', { history: 2 });
    await router.latest.say(snapshot(['/a', 3, 3]));
    await router.latest.answerSyncs(snapshot(['/a', 2, 2], ['/a', 3, 3]));
    expect(heard.map((text) => text.slice(0, 4))).toEqual(['/a=3', '/a=2', '/a=3']);
  });
});

describe('cached', () => {
  it('is the last received value, subscribed or not, and bounded', async () => {
    await router.latest.say(snapshot(['/a', 1, 4], ['/b', 1, 1]), setTo('/a', 2, 5), snapshot(['/a', 1, 4]));
    expect(client.cached('/a')).toMatchObject({ address: '/a', value: 2, revision: 5 });
    expect(client.cached('/nowhere')).toBeUndefined();
    await router.latest.say(setTo('/c', 1, 1), setTo('/d', 1, 1), setTo('/e', 1, 1));
    expect(client.cached('/a')).toBeUndefined(); // the fifth of four
    expect(client.cached('/b')).toMatchObject({ value: 1 });
  });

  it('keeps its value when its frame is no longer valid', async () => {
    const heard: Signal[] = [];
    client.on('/a', (signal) => heard.push(signal));
    const { connection } = router.latest;
    await router.latest.say(setTo('/a', 'first text', 1));
    connection.write(new Uint8Array(0));
    await router.latest.say(setTo('/b', 'other text', 1));
    expect(client.cached('/a')!.value).toBe('first text');
    expect(heard).toMatchObject([{ value: 'first text' }]);
  });
});

describe('a listener that throws', () => {
  it('does not prevent other deliveries, and is reported to onError', async () => {
    const errors: Error[] = [];
    client.onError((error) => errors.push(error));
    const fault = new Error('my mistake');
    client.on('/a', () => {
      throw fault;
    });
    const heard = hearing('/a');
    await router.latest.say(setTo('/a', 1, 1), setTo('/a', 2, 2));
    expect(heard).toEqual(['/a=1', '/a=2']);
    expect(errors).toHaveLength(2);
    expect(errors[0]).toMatchObject({ kind: 'listener', message: 'a listener of /a threw at param /a', cause: fault });
  });
});

describe('over a link with loss and reordering', () => {
  it('a late or duplicate write is dropped', async () => {
    const other = await router.connect({}, router.link({ reliable: false }));
    const heard: string[] = [];
    other.on('/a', (signal) => heard.push(brief(signal)));
    await router.latest.say(setTo('/a', 3, 3), setTo('/a', 2, 2), setTo('/a', 3, 3), setTo('/a', 4, 4));
    expect(heard).toEqual(['/a=3', '/a=4']);
    await other.close();
  });
});
