import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setImmediate as realImmediate } from 'node:timers/promises';
import { connect } from '../../src/client/node.js';
import { createRouter } from '../../src/router/create-router.js';
import { webSocket } from '../../src/transports/websocket/index.js';

// The recommendation of docs/how-to/fake-timers.md. The same names are excluded from Vitest's `toFake`.
const left = ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'] as const;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: [...left] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** Advances time in steps of a second, with turns of the event loop after each step, as in a running process. */
async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    jest.advanceTimersByTime(1_000);
    for (let turn = 0; turn < 3; turn++) await realImmediate();
  }
}

describe('with fake timers that leave the event loop real', () => {
  it('a router and an in-process session work, and a TTL expires when the test advances the clock', async () => {
    const router = createRouter();
    const client = await router.connect();
    await client.set('/a', 1, { ttlSeconds: 60, absolute: true });
    await pass(59);
    expect((await client.get('/a'))?.value).toBe(1);
    await pass(2);
    expect(await client.get('/a')).toBeUndefined();
    await router.stop();
  });

  it('a client over a socket works', async () => {
    const router = createRouter({ transports: [webSocket({ port: 0, host: '127.0.0.1' })] });
    const [address] = await router.start();
    const client = await connect(address!.url);
    expect(await client.set('/a', 1)).toMatchObject({ revision: 1 });
    await client.close();
    await router.stop();
  });
});

describe('with all timers fake', () => {
  it('connect() waits for setImmediate, which never runs', async () => {
    jest.useFakeTimers();
    const router = createRouter();
    let isConnected = false;
    const connecting = router.connect().then(() => (isConnected = true));
    for (let turn = 0; turn < 20; turn++) await realImmediate();
    expect(isConnected).toBe(false);
    jest.useRealTimers();
    jest.useFakeTimers({ doNotFake: [...left] });
    connecting.catch(() => undefined); // it never settles
  });
});
