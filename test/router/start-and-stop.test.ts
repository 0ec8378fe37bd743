import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lastValueFrom } from 'rxjs';
import { SimulatedClock } from 'xstate';
import { createRouter } from '../../src/router/create-router.js';
import { memory, type MemoryTransport } from '../../src/transports/memory/index.js';
import type { Listener, Transport } from '../../src/transports/transport.js';
import { TransportError } from '../../src/net/transport-error.js';
import { recordingLogger } from '../actors/session/recording-logger.js';
import { codedError } from '../support/coded-error.js';

const STOPPED = 'CLASP_ERR_ROUTER_STOPPED';

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeEach(() => {
  process.on('unhandledRejection', note).on('uncaughtException', note);
});
afterEach(async () => {
  await turns(3);
  process.off('unhandledRejection', note).off('uncaughtException', note);
  expect(unhandled.splice(0)).toEqual([]);
});

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A transport that fails to listen a given number of times, and then works. */
function failing(times: number): Transport & { readonly attempts: () => number } {
  const inner = memory();
  let attempts = 0;
  return {
    name: 'failing',
    attempts: () => attempts,
    listen: () =>
      ++attempts > times ? inner.listen() : Promise.reject(new TransportError(`port 1 is in use (${attempts})`)),
  };
}

/** A transport that listens when the test permits it. */
function slow(): Transport & { readonly open: () => void } {
  let open = (): void => undefined;
  const inner: MemoryTransport = memory();
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    name: 'slow',
    open: () => {
      open();
    },
    listen: async (): Promise<Listener> => {
      await opened;
      return inner.listen();
    },
  };
}

describe('the phases of a router', () => {
  it('are idle, starting, started, stopping, stopped', async () => {
    const transport = slow();
    const router = createRouter({ transports: [transport] });
    expect(router.phase).toBe('idle');
    const started = router.start();
    expect(router.phase).toBe('starting');
    expect(router.start()).toBe(started);
    transport.open();
    await expect(started).resolves.toMatchObject([{ transport: 'memory' }]);
    expect(router.phase).toBe('started');
    await expect(router.start()).resolves.toMatchObject([{ transport: 'memory' }]);
    const stopped = router.stop();
    expect(router.phase).toBe('stopping');
    await stopped;
    expect(router.phase).toBe('stopped');
    await router.stop();
  });

  it('return to idle when a start fails, and the next start continues with the failed transport', async () => {
    const [first, second] = [failing(0), failing(2)];
    const router = createRouter({ transports: [first, second] });
    for (const attempt of [1, 2]) {
      await expect(codedError(() => router.start())).resolves.toMatchObject({
        message: `port 1 is in use (${attempt})`,
      });
      expect(router.phase).toBe('idle');
      expect(router.addresses).toHaveLength(1);
    }
    await expect(router.start()).resolves.toHaveLength(2);
    expect(router.phase).toBe('started');
    expect([first.attempts(), second.attempts()]).toEqual([1, 3]);
    await router.stop();
  });

  it.each(['stopping', 'stopped'])('refuse start, listen and connect with a code while %s', async (phase) => {
    const router = createRouter({ transports: [memory()] });
    await router.start();
    const peer = await router.connect(); // prevents that it stops at once
    const stopped = router.stop();
    if (phase === 'stopped') await stopped;
    expect(router.phase).toBe(phase);
    for (const call of [() => router.start(), () => router.listen(memory()), () => router.connect()]) {
      await expect(codedError(call)).resolves.toMatchObject({ code: STOPPED });
    }
    expect(router.addresses).toEqual([]);
    await stopped;
    await peer.close();
  });
});

describe('a stop', () => {
  it('causes no unhandled rejection of a start, a listen and a connect without a handler', async () => {
    const router = createRouter({ transports: [slow()], drainTimeoutSeconds: 0 });
    void router.start();
    void router.listen(slow());
    void router.connect();
    await router.stop();
  });

  it('rejects the start that it interrupts with a code', async () => {
    const router = createRouter({ transports: [slow()], drainTimeoutSeconds: 0 });
    const started = router.start();
    const stopped = router.stop();
    await expect(codedError(() => started)).resolves.toMatchObject({ code: STOPPED });
    await stopped;
  });

  it.each(['before its session is open', 'while it is subscribed', 'after the stop'])(
    'completes signals$ subscribed %s',
    async (when) => {
      const router = createRouter();
      if (when === 'after the stop') await router.stop();
      const completed = lastValueFrom(router.signals$('/**'), { defaultValue: 'completed' });
      while (when === 'while it is subscribed' && router.statistics().counts.subscriptions === 0) await turns(1);
      await router.stop();
      await expect(completed).resolves.toBe('completed');
    },
  );

  it('completes signals$ without an error handler, and does not end the process', async () => {
    const router = createRouter();
    router.signals$('/**').subscribe();
    await router.stop();
  });
});

describe('an observer given as inspect', () => {
  it.each<[how: string, fail: (error: Error) => unknown]>([
    [
      'throws',
      (error) => {
        throw error;
      },
    ],
    ['rejects', (error) => Promise.reject(error)],
  ])('that %s is logged once and detached, and the router continues', async (_, fail) => {
    const logger = recordingLogger();
    let calls = 0;
    const bang = new Error('bang');
    const inspect = (): void => {
      calls++;
      return fail(bang) as undefined; // an observer of an untyped program
    };
    const router = createRouter({ logger, inspect, clock: new SimulatedClock() });
    const client = await router.connect();
    await client.set('/a', 1);
    await turns(1);
    const before = calls;
    await client.set('/a', 2);
    await client.close();
    await router.stop();
    expect(calls).toBe(before);
    const lines = logger.lines.filter(({ message }) => message.includes('inspect'));
    expect(lines).toMatchObject([{ level: 'error', message: 'the observer given as inspect threw; it is detached' }]);
  });

  it('can be an object with or without next', async () => {
    const types: string[] = [];
    for (const inspect of [{ next: ({ type }: { readonly type: string }) => void types.push(type) }, {}]) {
      const router = createRouter({ inspect });
      await router.stop();
    }
    expect(types).toContain('@xstate.actor');
  });
});
