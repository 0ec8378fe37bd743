import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createRouter, type Router, webSocket } from '../../src/index.js';
import { OfficialClient, until } from '../support/official-client.js';

let router: Router;
let url: string;
let clients: OfficialClient[];

beforeEach(async () => {
  clients = [];
  await startRouter(0);
});

afterEach(async () => {
  for (const client of clients) client.close();
  await router.stop();
});

async function startRouter(port: number): Promise<number> {
  router = createRouter({ name: 'Integration', drainTimeoutSeconds: 2 });
  const [address] = await router.listen(webSocket({ port, host: '127.0.0.1' }));
  url = address!.url;
  return address!.port;
}

async function connect(name = 'official'): Promise<OfficialClient> {
  const client = await OfficialClient.connect(url, { name });
  clients.push(client);
  return client;
}

/** Arguments of a subscription's callback. */
type Call = [value: unknown, address: string];

function listen(client: OfficialClient, pattern: string): { calls: Call[]; stop: () => void } {
  const calls: Call[] = [];
  const stop = client.clasp.on(pattern, (value: unknown, address: string) => void calls.push([value, address]));
  return { calls, stop };
}

/**
 * Waits until the router has handled everything that this client has sent: the other client receives an event sent
 * after it.
 */
async function fence(from: OfficialClient, to: OfficialClient): Promise<void> {
  const mark = `/fence/${Math.random()}`;
  const { calls, stop } = listen(to, mark);
  // The subscription and the event use two sockets, so the event is repeated until the subscription exists.
  await until(() => {
    if (calls.length === 0) from.clasp.emit(mark, 1);
    return calls.length > 0;
  }, 'the fence');
  stop();
}

describe('the official client', () => {
  it('connects: WELCOME with a session, the router’s name and a synchronized clock, then a SNAPSHOT', async () => {
    const client = await connect();
    await until(() => client.received.length >= 2);
    expect(client.received).toMatchObject([
      { type: 'welcome', version: 1, name: 'Integration', session: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      { type: 'snapshot', params: [] },
    ]);
    expect(client.clasp.session).toBe(client.all('welcome')[0]!.session);
    expect(Math.abs(client.clasp.time() - Date.now() * 1000)).toBeLessThan(1_000_000);
  });

  it('sets, gets and receives its own params', async () => {
    const client = await connect();
    const { calls } = listen(client, '/lights/3/dim');
    client.clasp.set('/lights/3/dim', 0.75);
    await until(() => calls.length === 1 && client.all('ack').length === 1);
    expect(calls).toEqual([[0.75, '/lights/3/dim']]);
    expect(client.received.map(({ type }) => type).slice(-2)).toEqual(['set', 'ack']);
    expect(await client.clasp.get('/lights/3/dim')).toBe(0.75);
  });

  it('gets a param from the router that is not in its cache', async () => {
    const [writer, reader] = [await connect(), await connect()];
    writer.clasp.set('/a', 'value');
    await until(() => writer.all('ack').length === 1);
    expect(await reader.clasp.get('/a')).toBe('value');
  });

  it('gets ERROR 201 for an unknown address', async () => {
    const client = await connect();
    const nothing = client.clasp.get('/nowhere').catch(() => undefined);
    await until(() => client.all('error').length === 1);
    expect(client.all('error')).toMatchObject([{ code: 201, address: '/nowhere' }]);
    client.clasp.set('/nowhere', 1); // lets the pending get finish before its timeout
    client.clasp.on('/nowhere', () => undefined);
    await nothing;
  });

  it('receives the writes of others that match its wildcards, and no others', async () => {
    const [desk, lamp] = [await connect('desk'), await connect('lamp')];
    const one = listen(lamp, '/lights/*/dim');
    const many = listen(lamp, '/lights/**');
    await fence(lamp, desk);
    desk.clasp.set('/lights/1/dim', 1);
    desk.clasp.set('/lights/1/color/red', 2);
    desk.clasp.set('/sound/1/dim', 3);
    await fence(desk, lamp);
    expect(one.calls).toEqual([[1, '/lights/1/dim']]);
    expect(many.calls).toEqual([
      [1, '/lights/1/dim'],
      [2, '/lights/1/color/red'],
    ]);
    // One copy each, although two subscriptions match.
    expect(lamp.all('set').map(({ address }) => address)).toEqual(['/lights/1/dim', '/lights/1/color/red']);
  });

  it('emits events, streams and gestures to others and not to itself', async () => {
    const [sender, reader] = [await connect(), await connect()];
    const own = listen(sender, '/live/**');
    const { calls } = listen(reader, '/live/**');
    await fence(reader, sender);
    sender.clasp.emit('/live/cue', { cue: 'intro' });
    sender.clasp.stream('/live/fader', 0.5);
    sender.clasp.gesture('/live/touch', 7, 'start', { x: 1 });
    sender.clasp.gesture('/live/touch', 7, 'end', { x: 2 });
    await until(() => calls.length === 4);
    expect(calls).toEqual([
      [{ cue: 'intro' }, '/live/cue'],
      [0.5, '/live/fader'],
      [{ x: 1, phase: 'start', gestureId: 7 }, '/live/touch'],
      [{ x: 2, phase: 'end', gestureId: 7 }, '/live/touch'],
    ]);
    await fence(sender, reader);
    expect(own.calls).toEqual([]);
  });

  it('sends bundles in order, with one ACK', async () => {
    const [sender, reader] = [await connect(), await connect()];
    const { calls } = listen(reader, '/fx/**');
    await fence(reader, sender);
    sender.clasp.bundle([{ set: ['/fx/a', 1] }, { emit: ['/fx/go', 'now'] }, { set: ['/fx/a', 2] }]);
    await until(() => sender.all('ack').length === 1 && calls.length === 3);
    expect(calls).toEqual([
      [1, '/fx/a'],
      ['now', '/fx/go'],
      [2, '/fx/a'],
    ]);
    expect(sender.all('ack')).toEqual([{ type: 'ack', revision: 2 }]);
  });

  it('sends scheduled bundles, which take effect at their time by the router’s clock', async () => {
    const [sender, reader] = [await connect(), await connect()];
    const { calls } = listen(reader, '/fx/**');
    await fence(reader, sender);
    const at = sender.clasp.time() + 100_000;
    sender.clasp.bundle([{ set: ['/fx/a', 1] }, { set: ['/fx/b', 2] }], { at });
    await until(() => sender.all('ack').length === 1);
    expect(sender.all('ack')).toEqual([{ type: 'ack' }]); // acknowledged before its time
    await until(() => calls.length === 2);
    const late = await connect();
    await until(() => late.all('snapshot').length > 0);
    const written = late.all('snapshot').flatMap(({ params }) => params.map(({ timestamp }) => Number(timestamp)));
    expect(written).toHaveLength(2);
    for (const timestamp of written) expect(timestamp).toBeGreaterThanOrEqual(at);
  });

  it('subscribes with maxRate: far fewer values, and the last one', async () => {
    const [writer, reader] = [await connect(), await connect()];
    const calls: unknown[] = [];
    reader.clasp.subscribe('/fader', (value: unknown) => void calls.push(value), { maxRate: 5 });
    await fence(reader, writer);
    for (let i = 1; i <= 200; i++) writer.clasp.set('/fader', i);
    await until(() => calls.at(-1) === 200, 'the trailing value');
    expect(calls[0]).toBe(1);
    expect(calls.length).toBeLessThan(100);
  });

  it('subscribes with epsilon: only changes of at least that size', async () => {
    const [writer, reader] = [await connect(), await connect()];
    const calls: unknown[] = [];
    reader.clasp.subscribe('/fader', (value: unknown) => void calls.push(value), { epsilon: 0.1 });
    await fence(reader, writer);
    for (const value of [0.5, 0.55, 0.7, 0.65, 0.5]) writer.clasp.set('/fader', value);
    await until(() => calls.length === 3);
    expect(calls).toEqual([0.5, 0.7, 0.5]);
  });

  it('reads the router’s system params and the list of sessions', async () => {
    const [watcher, desk] = [await connect('watcher'), await connect('desk')];
    expect(await watcher.clasp.get('/$clasp/name')).toBe('Integration');
    // The client's own filter treats the pattern as a regular expression, in which "$" is the end. The callback does
    // not run, but the cache has the value.
    listen(watcher, '/$clasp/sessions/**');
    const name = `/$clasp/sessions/${String(desk.clasp.session)}/name`;
    await until(() => watcher.clasp.cached(name) === 'desk');
    desk.close();
    await until(() => watcher.all('publish').some(({ address }) => address.endsWith('/disconnect')));
  });

  it('joins late and gets every param, in its first snapshot and in its subscription’s', async () => {
    const writer = await connect();
    for (let i = 0; i < 2_000; i++) writer.clasp.set(`/late/joiners/see/long/addresses/too/${i}`, i);
    await until(() => writer.all('ack').length === 2_000);
    const late = await connect();
    await until(() => late.all('snapshot').flatMap(({ params }) => params).length === 2_000);
    expect(late.all('snapshot').length).toBeGreaterThan(1);
    expect(late.clasp.cached('/late/joiners/see/long/addresses/too/1999')).toBe(1999);
    const { calls } = listen(late, '/late/**');
    await until(() => calls.length === 2_000);
    expect(new Set(calls.map(([, address]) => address)).size).toBe(2_000);
  });

  it('receives nothing after it has unsubscribed', async () => {
    const [writer, reader] = [await connect(), await connect()];
    const gone = listen(reader, '/a');
    const stays = listen(reader, '/b');
    gone.stop();
    await fence(reader, writer);
    writer.clasp.set('/a', 1);
    writer.clasp.set('/b', 2);
    await until(() => stays.calls.length === 1);
    expect(reader.all('set').map(({ address }) => address)).toEqual(['/b']);
    expect(gone.calls).toEqual([]);
  });

  it('has 1,000 sets acknowledged, every one, with increasing revisions', async () => {
    const client = await connect();
    for (let i = 0; i < 1_000; i++) client.clasp.set('/counter', i);
    await until(() => client.all('ack').length === 1_000);
    expect(client.all('ack').map(({ revision }) => revision)).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
    expect(client.all('error')).toEqual([]);
  });

  it.each([
    ['/ünïcode/日本/😀', 'text with \u{feff} and 😀'],
    ['/bytes', Uint8Array.of(0, 1, 254, 255)],
    ['/nested', { list: [1, [2, [3]], { deep: { deeper: true } }], empty: {}, none: null }],
    ['/bool', false],
    ['/null', null],
    ['/big', 'x'.repeat(60_000)],
  ])('carries the value of %s unchanged', async (address, value) => {
    const [writer, reader] = [await connect(), await connect()];
    const { calls } = listen(reader, address);
    await fence(reader, writer);
    writer.clasp.set(address, value);
    await until(() => calls.length === 1);
    // The client's own decoder drops a leading U+FEFF; the router must not.
    expect(calls).toEqual([[value, address]]);
  });

  it('gets ERROR for what the router rejects, and stays connected', async () => {
    const client = await connect();
    client.clasp.set('no slash', 1);
    client.clasp.on('no slash', () => undefined);
    await until(() => client.all('error').length === 2);
    expect(client.all('error')).toMatchObject([
      { code: 200, address: 'no slash' },
      { code: 202, address: 'no slash' },
    ]);
    expect(client.clasp.connected).toBe(true);
  });

  it('reconnects after a restart of the router, which closes with 1001, and subscribes again', async () => {
    const port = new URL(url).port;
    const client = await OfficialClient.connect(url, { reconnectMs: 20 });
    clients.push(client);
    const { calls } = listen(client, '/again/**');
    await router.stop();
    await until(() => !client.clasp.connected);
    await startRouter(Number(port));
    await until(() => client.clasp.connected, 'the reconnect');
    const writer = await connect();
    await until(() => {
      if (calls.length === 0) writer.clasp.set('/again/x', 1);
      return calls.length > 0;
    }, 'a delivery after the restart');
    expect(calls[0]).toEqual([1, '/again/x']);
    expect(client.closeCodes).toEqual([1001]);
  });

  it('loses nothing with 20 clients that all write and receive everything', async () => {
    const crowd = await Promise.all(Array.from({ length: 20 }, (_, i) => connect(`c${i}`)));
    const heard = crowd.map((client) => listen(client, '/crowd/**'));
    for (const client of crowd) await fence(client, crowd[0] === client ? crowd[1]! : crowd[0]!);
    for (let round = 0; round < 50; round++) {
      for (const [i, { clasp }] of crowd.entries()) clasp.set(`/crowd/${i}`, round);
    }
    await until(() => heard.every(({ calls }) => calls.length === 1_000), 'every delivery');
    for (const { calls } of heard) {
      for (let i = 0; i < crowd.length; i++) {
        const own = calls.filter(([, address]) => address === `/crowd/${i}`).map(([value]) => value);
        expect(own).toEqual(Array.from({ length: 50 }, (_, round) => round));
      }
    }
  });
});
