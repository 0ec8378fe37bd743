import { describe, expect, it } from '@jest/globals';
import type { Signal } from '../../src/client/signal.js';
import { SignalQueue } from '../../src/client/signal-queue.js';
import { turns } from '../support/inbox.js';
import { failure, outcome, ScriptedRouter, setTo } from './scripted-router.js';

const param = (address: string, value: number): Signal => ({
  kind: 'param',
  address,
  value,
  revision: value,
  fromSnapshot: false,
});
const event = (value: number): Signal => ({ kind: 'event', address: '/go', value });
const sample = (value: number): Signal => ({ kind: 'stream', address: '/fader', value });
const gesture = (phase: 'start' | 'move' | 'end', value: number): Signal => ({
  kind: 'gesture',
  address: '/pad',
  id: 1,
  phase,
  value,
});

/** Reads all waiting signals. */
async function rest(queue: SignalQueue): Promise<string[]> {
  queue.finish(undefined);
  const signals: string[] = [];
  for await (const signal of queue) {
    const { value } = signal as { value: number }; // invariant: all of the above
    signals.push(`${signal.kind === 'param' ? signal.address : signal.kind} ${value}`);
  }
  return signals;
}

function filled(limit: number, ...signals: Signal[]): SignalQueue {
  const queue = new SignalQueue({ signals: limit, bytes: Infinity }, () => undefined);
  for (const signal of signals) queue.push(signal);
  return queue;
}

describe('a queue below its limits', () => {
  it('delivers all signals in order', async () => {
    const queue = filled(9, param('/a', 1), event(1), param('/a', 2), sample(1), param('/a', 3));
    expect(queue.dropped).toBe(0);
    expect(await rest(queue)).toEqual(['/a 1', 'event 1', '/a 2', 'stream 1', '/a 3']);
  });

  it('delivers new signals to waiting readers in order', async () => {
    const queue = filled(1);
    const [first, second] = [queue.next(), queue.next()];
    expect(await outcome(first)).toBe('waiting');
    queue.push(event(1));
    queue.push(event(2));
    expect((await first).value).toMatchObject({ value: 1 });
    expect((await second).value).toMatchObject({ value: 2 });
    expect(queue.dropped).toBe(0);
  });
});

describe('a full queue', () => {
  it('replaces the latest waiting value of a param', async () => {
    const queue = filled(3, param('/a', 1), param('/a', 2), event(1), param('/a', 3), param('/a', 4));
    expect(queue.dropped).toBe(2);
    expect(await rest(queue)).toEqual(['/a 1', '/a 4', 'event 1']);
  });

  it('otherwise drops the oldest sample or move, for any new signal', async () => {
    const queue = filled(
      4,
      event(1),
      sample(1),
      gesture('move', 2),
      gesture('end', 3),
      sample(4),
      event(5),
      param('/a', 6),
    );
    expect(queue.dropped).toBe(3);
    expect(await rest(queue)).toEqual(['event 1', 'gesture 3', 'event 5', '/a 6']);
  });

  it('otherwise drops the oldest signal', async () => {
    const queue = filled(2, param('/a', 1), event(1), event(2), param('/a', 2), param('/b', 3));
    expect(queue.dropped).toBe(3);
    expect(await rest(queue)).toEqual(['/a 2', '/b 3']);
  });

  it('replaces a latest value even if an older one of the same param was read', async () => {
    const queue = filled(2, param('/a', 1), param('/a', 2));
    await queue.next();
    queue.push(param('/b', 1));
    queue.push(param('/a', 3));
    expect(await rest(queue)).toEqual(['/a 3', '/b 1']);
  });

  it('has capacity again after reads', async () => {
    const queue = filled(2, param('/a', 1), param('/b', 1));
    await queue.next();
    queue.push(param('/a', 2));
    expect(queue.dropped).toBe(0);
    queue.push(param('/b', 2));
    expect(await rest(queue)).toEqual(['/b 2', '/a 2']);
  });
});

describe('a queue with a byte limit', () => {
  const text = (address: string, length: number): Signal => ({
    kind: 'param',
    address,
    value: new Uint8Array(length),
    revision: length,
    fromSnapshot: false,
  });

  /** Reads to the end: the address of each signal, and its length. */
  async function lengths(queue: SignalQueue): Promise<string[]> {
    queue.finish(undefined);
    const found: string[] = [];
    for await (const { address, value } of queue as AsyncIterable<{ address: string; value: Uint8Array }>) {
      found.push(`${address} ${value.length}`);
    }
    return found;
  }

  function limited(bytes: number, ...signals: Signal[]): SignalQueue {
    const queue = new SignalQueue({ signals: 1_000, bytes }, () => undefined);
    for (const signal of signals) queue.push(signal);
    return queue;
  }

  it('drops the oldest signals until a new one fits', async () => {
    const queue = limited(10_000, text('/a', 3_000), text('/b', 3_000), text('/c', 9_000));
    expect(queue.dropped).toBe(2);
    expect(await lengths(queue)).toEqual(['/c 9000']);
  });

  it('replaces the latest waiting value of a param if the new one fits', async () => {
    const queue = limited(10_000, text('/a', 4_000), text('/b', 4_000), text('/a', 5_000));
    expect(queue.dropped).toBe(1);
    expect(await lengths(queue)).toEqual(['/a 5000', '/b 4000']);
  });

  it('never drops the newest value of a param to keep an older one', async () => {
    const queue = limited(10_000, text('/a', 4_000), text('/b', 4_000), text('/a', 9_000));
    expect(queue.dropped).toBe(2);
    expect(await lengths(queue)).toEqual(['/a 9000']);
  });

  it('holds one signal that exceeds the limit alone', async () => {
    const queue = limited(10_000, text('/a', 1), text('/b', 50_000));
    expect(await lengths(queue)).toEqual(['/b 50000']);
  });

  it('has capacity again for signals that were read or returned', async () => {
    const queue = limited(10_000, text('/a', 9_000));
    await queue.next();
    queue.push(text('/b', 9_000));
    expect(queue.dropped).toBe(0);
    expect(await lengths(queue)).toEqual(['/b 9000']);
  });

  it('counts no bytes while a reader waits', async () => {
    const queue = limited(1);
    const next = queue.next();
    queue.push(text('/a', 5_000));
    expect((await next).value).toMatchObject({ address: '/a' });
    expect(queue.dropped).toBe(0);
  });
});

describe('the end of a queue', () => {
  it('follows the waiting signals, once as an error, then as the end', async () => {
    const queue = filled(2, event(1));
    queue.finish(new Error('over'));
    queue.push(event(2));
    expect(await queue.next()).toMatchObject({ value: { value: 1 } });
    await expect(queue.next()).rejects.toThrow('over');
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });

  it('reaches waiting readers', async () => {
    const queue = filled(2);
    const [first, second] = [queue.next(), queue.next()];
    queue.finish(undefined);
    expect(await first).toEqual({ done: true, value: undefined });
    expect(await second).toEqual({ done: true, value: undefined });
  });

  it('by return() drops waiting signals and is reported once', async () => {
    let returned = 0;
    const queue = new SignalQueue({ signals: 2, bytes: Infinity }, () => returned++);
    queue.push(event(1));
    await queue.return();
    await queue.return();
    expect(returned).toBe(1);
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });
});

describe('signals()', () => {
  it('is subscribed immediately, and unsubscribed when the loop ends', async () => {
    const router = new ScriptedRouter();
    const client = await router.connect();
    const signals = client.signals('/a/**', { types: ['param'], maxRate: 5, bufferSize: 10 });
    await router.latest.say(setTo('/a/1', 1, 1), setTo('/b', 9, 1), setTo('/a/2', 2, 1));
    const seen: unknown[] = [];
    for await (const { address, revision } of signals) {
      seen.push([address, revision]);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([
      ['/a/1', 1],
      ['/a/2', 1],
    ]);
    await turns();
    expect(router.latest.all('subscribe')).toMatchObject([{ types: ['param'], options: { maxRate: 5 } }]);
    expect(router.latest.all('unsubscribe')).toHaveLength(1);
    await client.close();
  });

  it('survives a reconnection and ends with the client', async () => {
    const router = new ScriptedRouter();
    const client = await router.connect();
    const signals = client.signals('/a');
    router.latest.connection.destroy();
    await turns();
    await router.advance(1_000);
    await router.latest.say(setTo('/a', 1, 1));
    expect((await signals.next()).value).toMatchObject({ value: 1 });
    const last = signals.next();
    await client.close();
    expect(await last).toEqual({ done: true, value: undefined });
  });

  it('throws if an error closes the client, and if it is rejected', async () => {
    const router = new ScriptedRouter();
    const client = await router.connect({ reconnect: false });
    router.answersSyncs = false;
    const refused = client.signals('/secret');
    await router.latest.say(failure(301, 'Forbidden', '/secret'));
    await expect(refused.next()).rejects.toHaveProperty('code', 301);
    const lost = client.signals('/a');
    router.latest.connection.destroy();
    await turns();
    await expect(lost.next()).rejects.toMatchObject({
      kind: 'closed',
      message: expect.stringContaining('the client has closed: '),
    });
  });

  it.each([0, -1, 1.5, NaN])('rejects a buffer of %s', async (bufferSize) => {
    const client = await new ScriptedRouter().connect();
    expect(() => client.signals('/a', { bufferSize })).toThrow(/bufferSize must be a whole number from 1/);
    expect(() => client.signals('/a', { bufferBytes: bufferSize })).toThrow(
      /bufferBytes must be a whole number from 1/,
    );
    await client.close();
  });
});
