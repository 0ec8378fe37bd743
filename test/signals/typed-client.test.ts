import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../src/client/index.js';
import { createRouter } from '../../src/router/create-router.js';
import type { Router } from '../../src/router/router.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { typed, type TypedClient, type TypedOptions } from '../../src/signals/index.js';
import { show } from './show.js';

type Show = typeof show;

/**
 * A typed client on a router without rules, an untyped client, and the signals that the first withheld from its
 * listeners.
 */
describe('a typed client', () => {
  let router: Router;
  let plain: Client;
  let client: TypedClient<Show>;
  let refusals: string[];

  const connected = async (options: TypedOptions = {}): Promise<TypedClient<Show>> =>
    typed(await router.connect(), show, options);

  beforeEach(async () => {
    router = createRouter();
    plain = await router.connect();
    refusals = [];
    client = await connected({ onRefused: ({ address }, reason) => refusals.push(`${address}: ${reason}`) });
  });
  afterEach(() => router.stop());

  /** Resolves after all earlier messages have arrived: each client has received the answer to a later request. */
  const settled = async (): Promise<void> => {
    await plain.ping();
    await client.ping();
    await plain.ping();
  };

  it('writes and reads params', async () => {
    await expect(client.set('/lights/3/dim', 0.5)).resolves.toMatchObject({ revision: 1 });
    await expect(client.set('/lights/3/dim', 0.25, { qos: 0 })).resolves.toBeUndefined();
    await client.set('/scene', { name: 'night', fade: 2 });
    await expect(client.get('/lights/3/dim')).resolves.toMatchObject({ value: 0.25, revision: 2 });
    await expect(client.get('/scene')).resolves.toMatchObject({ value: { name: 'night', fade: 2 } });
    await expect(client.get('/lights/4/dim')).resolves.toBeUndefined();
    expect(client.cached('/scene')?.value).toEqual({ name: 'night', fade: 2 });
    await expect(plain.get('/scene')).resolves.toMatchObject({ value: new Map<string, unknown>([['name', 'night'], ['fade', 2]]) }); // prettier-ignore
  });

  it('does not send values that do not fit, and reports the router’s reason', async () => {
    const refused = {
      code: 402,
      message: 'Invalid value: Too big: expected number to be <=1',
      address: '/lights/3/dim',
    };
    await expect(client.set('/lights/3/dim', 2)).rejects.toMatchObject(refused);
    const bundle = client.bundle([
      { kind: 'event', address: '/cue/go' },
      { kind: 'param', address: '/lights/3/dim', value: 2 },
    ]);
    await expect(bundle).rejects.toMatchObject(refused);
    expect(() => client.stream('/lfo', 2)).toThrow('Too big');
    expect(() => client.stream('/lfo', Float32Array.of(0.5, 2))).toThrow('Invalid value');
    expect(() => client.gesture('/pointer/1', 0, 'move', ['x'] as unknown as [number, number])).toThrow(
      'expected array to have >=2 items',
    );
    expect(() => client.gesture('/pointer/1', 0, 'start', ...([] as unknown as [[number, number]]))).toThrow(
      'undefined',
    );
    expect(() => client.emit('/cue/go', ...([1] as unknown as []))).toThrow('this event has no value');
    expect(() => client.emit('/scene' as '/cue/go')).toThrow('this address is defined as param, not as event');
    expect(() => client.emit('/cue/a/b/note' as '/cue/a/note')).toThrow('no signal is defined at this address');
    const keyframes = [{ time: 0, value: 'x' as unknown as number }];
    expect(() => client.timeline('/fade', { keyframes })).toThrow('keyframe 0');
    await settled();
    await expect(plain.get('/lights/3/dim')).resolves.toBeUndefined();
  });

  it('receives plain values from any sender', async () => {
    const heard: unknown[] = [];
    const listening = client.on('/**', ({ kind, address, ...signal }) =>
      heard.push([kind, address, 'value' in signal ? signal.value : undefined]),
    );
    await listening.ready;
    await plain.set('/lights/3/dim', 1n);
    await plain.set('/clock', 1n);
    await plain.set('/scene', { name: 'x', fade: 3n });
    plain.emit('/cue/go', null);
    plain.emit('/cue/go');
    plain.emit('/cue/a/note', 'text');
    plain.gesture('/pointer/1', 1, 'start', [1n, 2]);
    plain.gesture('/pointer/1', 1, 'end');
    plain.stream('/fft', [1n, 2n]);
    await settled();
    expect(heard).toEqual([
      ['param', '/lights/3/dim', 1],
      ['param', '/clock', 1n],
      ['param', '/scene', { name: 'x', fade: 3 }],
      ['event', '/cue/go', undefined],
      ['event', '/cue/go', undefined],
      ['event', '/cue/a/note', 'text'],
      ['gesture', '/pointer/1', [1, 2]],
      ['gesture', '/pointer/1', undefined],
      ['stream', '/fft', [1, 2]],
    ]);
    expect(refusals).toEqual([]);
  });

  it('receives samples and timelines', async () => {
    const heard: unknown[] = [];
    await client.on('/lfo', ({ samples }) => heard.push(samples)).ready;
    await client.on('/fade', ({ timeline }) => heard.push(timeline.keyframes.map(({ value }) => value.decode()))).ready;
    plain.stream('/lfo', Float32Array.of(0.5, -1));
    plain.timeline('/fade', { keyframes: [{ time: 0, value: 0 }, { time: 1, value: 1 }] }); // prettier-ignore
    (await connected()).timeline('/fade', { keyframes: [{ time: 0, value: encodeValue(5) }] });
    await settled();
    expect(heard).toEqual([[0.5, -1], [0, 1], [5]]);
  });

  it('withholds values that do not fit, and reports them to onRefused', async () => {
    const heard: unknown[] = [];
    await client.on('/**', ({ address }) => heard.push(address)).ready;
    await plain.set('/lights/3/dim', 2);
    await plain.set('/undefined', 2);
    plain.emit('/scene', { name: 'x' });
    plain.emit('/cue/go', 1);
    plain.gesture('/pointer/1', 1, 'start', [0, 0]);
    plain.gesture('/pointer/1', 1, 'move');
    plain.stream('/lfo', Float32Array.of(7));
    plain.emit('/cue/go');
    await settled();
    expect(heard).toEqual(['/pointer/1', '/cue/go']);
    expect(refusals).toEqual([
      '/lights/3/dim: Invalid value: Too big: expected number to be <=1',
      '/scene: this address is defined as param, not as event',
      '/cue/go: Invalid value: this event has no value',
      '/pointer/1: Invalid value: Invalid input: expected tuple, received undefined',
      '/lfo: Invalid value: Invalid input: expected number, received array',
    ]);
    await expect(client.get('/lights/3/dim')).rejects.toMatchObject({ code: 402, address: '/lights/3/dim' });
    expect(client.cached('/lights/3/dim')).toBeUndefined();
  });

  it('receives the end of a gesture whose client has disconnected', async () => {
    const heard: unknown[] = [];
    await client.on('/pointer/:id', ({ phase, value }) => heard.push([phase, value])).ready;
    plain.gesture('/pointer/1', 1, 'start', [0, 0]);
    await plain.close();
    await client.ping();
    expect(heard).toEqual([['start', [0, 0]], ['cancel', undefined]]); // prettier-ignore
  });

  it('does not validate values without checks, but converts them to plain form', async () => {
    const trusting = await connected({ check: false });
    const heard: unknown[] = [];
    await trusting.on('/lights/:n/dim', ({ value }) => heard.push(value)).ready;
    await plain.set('/lights/3/dim', 2n);
    await trusting.set('/lights/3/dim', 3);
    await expect(trusting.get('/lights/3/dim')).resolves.toMatchObject({ value: 3 });
    expect(heard).toEqual([2, 3]);
  });

  it('subscribes to the defined types, or to the requested ones among them', async () => {
    const heard: unknown[] = [];
    await client.on('/**', ({ kind }) => heard.push(kind), { types: ['event'] }).ready;
    await plain.set('/lights/3/dim', 1);
    plain.emit('/cue/go');
    await settled();
    expect(heard).toEqual(['event']);
    expect(() => client.on('/light/*/dim' as '/**', () => undefined)).toThrow('no signal is defined at /light/*/dim');
    expect(() => client.signals('/fft', { types: ['param', 'event'] })).toThrow('no param or event is defined at /fft');
  });

  it('delivers signals to a loop, and unsubscribes when the loop ends', async () => {
    const signals = client.signals('/lights/:n/dim', { bufferSize: 3 });
    await plain.ping();
    await client.ping();
    for (const value of [0.1, 7, 0.2, 0.3, 0.4]) await plain.set(`/lights/${value}/dim`, value);
    await settled();
    const seen: number[] = [];
    for await (const { value } of signals) {
      seen.push(value);
      if (value === 0.4) break;
    }
    expect(seen).toEqual([0.2, 0.3, 0.4]); // the buffer has capacity for three
    expect(signals.dropped).toBe(2);
    await plain.set('/lights/1/dim', 0.5);
    await settled();
    await expect(signals.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it('delivers to a loop only values that fit', async () => {
    const signals = client.signals('/lfo');
    await client.ping();
    plain.stream('/lfo', 7);
    plain.stream('/lfo', 0.5);
    await expect(signals.next()).resolves.toMatchObject({ value: { kind: 'stream', value: 0.5 } });
    expect(refusals).toHaveLength(1);
    await expect(signals.return()).resolves.toEqual({ done: true, value: undefined });
  });

  it('is otherwise the original client', async () => {
    const original = await router.connect({ name: 'original' });
    const wrapped = typed(original, show);
    const names = Object.getOwnPropertyNames(Object.getPrototypeOf(original));
    expect(names.length).toBeGreaterThan(15);
    for (const name of names) expect(name in wrapped).toBe(true);
    expect(wrapped.session).toBe(original.session);
    expect(wrapped.state).toBe('open');
    await expect(wrapped.ping()).resolves.toBeGreaterThanOrEqual(0);
    await wrapped.close();
    expect([wrapped.state, original.state]).toEqual(['closed', 'closed']);
  });
});

describe('a router with signals', () => {
  it('announces them, and rejects with the same text as the client', async () => {
    const router = createRouter({ signals: show });
    const client = await router.connect();
    const definitions = await client.query('/lights/**');
    expect(definitions.map(({ address }) => address)).toEqual([
      '/lights/*/dim',
      '/lights/master/dim',
      '/lights/*/color',
    ]);
    expect(definitions[0]).toMatchObject({ datatype: 'f64' });
    await expect(client.set('/lights/3/dim', 2)).rejects.toMatchObject({
      code: 402,
      message: 'Invalid value: Too big: expected number to be <=1',
      address: '/lights/3/dim',
    });
    await expect(client.set('/lights/3/dim', 1n)).resolves.toMatchObject({ revision: 1 });
    await router.stop();
  });
});
