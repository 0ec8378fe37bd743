import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import { createRouter, type Router, type Service } from '../../src/index.js';
import { memory } from '../../src/transports/memory/index.js';
import type { Transport } from '../../src/transports/transport.js';
import { recordingLogger } from '../actors/session/recording-logger.js';
import { codedError } from '../support/coded-error.js';

/** Calls of services in their order: `start a`, `abort a`, `stop a`. */
let calls: string[] = [];

function service(name: string, behavior: Partial<Service> = {}): Service {
  return {
    name,
    start(_, signal) {
      calls.push(`start ${name}`);
      signal.addEventListener('abort', () => calls.push(`abort ${name}`));
    },
    stop() {
      calls.push(`stop ${name}`);
    },
    ...behavior,
  };
}

/** A service that fails the given number of times. */
function failing(name: string, times: number): Service {
  let attempts = 0;
  const inner = service(name);
  return {
    ...inner,
    start: (router, signal) =>
      ++attempts > times ? inner.start(router, signal) : Promise.reject(new Error(`port ${attempts} is in use`)),
  };
}

function routerWith(services: readonly Service[], more: Parameters<typeof createRouter>[0] = {}): Router {
  calls = [];
  return createRouter({ services, ...more });
}

async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe('the services of a router', () => {
  it('start in order, before the transports open, and stop in reverse order', async () => {
    const inner = memory();
    const transport: Transport = {
      name: 'memory',
      listen() {
        calls.push('listen');
        return inner.listen();
      },
    };
    const router = routerWith([service('a'), service('b')], { transports: [transport] });
    await router.start();
    expect(calls).toEqual(['start a', 'start b', 'listen']);
    await router.start();
    await router.stop();
    expect(calls.slice(3)).toEqual(['abort a', 'abort b', 'stop b', 'stop a']);
    await router.stop();
    expect(calls).toHaveLength(7);
  });

  it('receive the router, which accepts their sessions', async () => {
    let value: unknown;
    const bridge = service('bridge', {
      async start(router) {
        expect([router.name, router.isReady, router.machines.map(({ id }) => id)]).toEqual([
          'Hall',
          true,
          ['root', 'listener', 'session'],
        ]);
        const client = await router.connect({ name: 'bridge' });
        await client.set('/a', 1);
        value = await client.get('/a');
      },
    });
    const router = routerWith([bridge], { name: 'Hall' });
    await router.start();
    expect(value).toMatchObject({ value: 1 });
    await router.stop();
  });

  it('learn from the signal that the router stops while their sessions are open, and stop when none is left', async () => {
    const seen: unknown[] = [];
    const bridge = service('bridge', {
      async start(router, signal) {
        await router.connect();
        signal.addEventListener('abort', () => seen.push(['abort', router.sessionCount, router.isStopping]));
        this.stop = () => void seen.push(['stop', router.sessionCount]);
      },
    });
    const router = routerWith([bridge]);
    await router.start();
    const stopped = router.stop();
    expect(seen).toEqual([['abort', 1, true]]);
    await stopped;
    expect(seen.slice(1)).toEqual([['stop', 0]]);
  });

  it('delay the end of stop() until they have stopped', async () => {
    let finish = (): void => undefined;
    const slow = service('slow', { stop: () => new Promise<void>((resolve) => (finish = resolve)) });
    const router = routerWith([slow]);
    await router.start();
    let hasStopped = false;
    const stopped = router.stop().then(() => (hasStopped = true));
    await turns();
    expect([hasStopped, router.phase]).toEqual([false, 'stopping']);
    finish();
    await stopped;
    expect(router.phase).toBe('stopped');
  });

  it('stop when an actor event stops the router', async () => {
    const router = routerWith([service('a')]);
    await router.start();
    router.actor.send({ type: 'router.stopping' });
    await router.stop();
    expect(calls).toEqual(['start a', 'abort a', 'stop a']);
  });
});

describe('a service that does not start', () => {
  it('stops those before it, in reverse order, and opens no transport', async () => {
    const transport = memory();
    const services = [service('a'), service('b'), failing('c', 1), service('d')];
    const router = routerWith(services, { transports: [transport] });
    await expect(codedError(() => router.start())).resolves.toMatchObject({
      code: 'CLASP_ERR_SERVICE',
      message: 'the service c did not start: port 1 is in use',
    });
    expect(calls).toEqual(['start a', 'start b', 'abort a', 'abort b', 'stop b', 'stop a']);
    expect([router.phase, router.addresses]).toEqual(['idle', []]);
    await router.stop();
  });

  it('can succeed in a later start, which starts all of them again', async () => {
    const router = routerWith([service('a'), failing('b', 1)]);
    await codedError(() => router.start());
    calls = [];
    await router.start();
    expect(calls).toEqual(['start a', 'start b']);
    await router.stop();
    expect(calls.slice(2)).toEqual(['abort a', 'abort b', 'stop b', 'stop a']);
  });

  it('can throw before its first await', async () => {
    const broken = service('broken', {
      start() {
        throw new TypeError('no');
      },
    });
    const router = routerWith([broken]);
    await expect(codedError(() => router.start())).resolves.toMatchObject({ code: 'CLASP_ERR_SERVICE' });
    await router.stop();
  });
});

describe('a stop during the start of a service', () => {
  it('aborts it, and the start rejects as for every stopped router', async () => {
    const waiting = service('waiting', {
      start: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            reject(signal.reason as Error); // a RouterStoppedError
          });
        }),
    });
    const router = routerWith([service('a'), waiting]);
    const started = codedError(() => router.start());
    await turns();
    await router.stop();
    await expect(started).resolves.toMatchObject({ code: 'CLASP_ERR_ROUTER_STOPPED' });
    expect(calls).toEqual(['start a', 'abort a', 'stop a']);
  });

  it('stops it after its start, if it ignores the signal', async () => {
    let finish = (): void => undefined;
    const deaf = service('deaf', { start: () => new Promise<void>((resolve) => (finish = resolve)) });
    const router = routerWith([deaf, service('next')]);
    const started = codedError(() => router.start());
    await turns();
    const stopped = router.stop();
    await turns();
    finish();
    await stopped;
    await expect(started).resolves.toMatchObject({ code: 'CLASP_ERR_ROUTER_STOPPED' });
    expect(calls).toEqual(['stop deaf']);
  });
});

describe('a service that does not start until the router has stopped', () => {
  it('is left after drainTimeoutSeconds, and start() rejects; its own late start is followed by its stop', async () => {
    const clock = new SimulatedClock();
    const logger = recordingLogger();
    let finish = (): void => undefined;
    const slow = service('slow', { start: () => new Promise<void>((resolve) => (finish = resolve)) });
    const router = routerWith([service('a'), slow, service('next')], { clock, logger, drainTimeoutSeconds: 3 });
    const started = codedError(() => router.start());
    await turns();
    const stopped = router.stop();
    await turns();
    clock.increment(3_000);
    await stopped;
    await expect(started).resolves.toMatchObject({ code: 'CLASP_ERR_ROUTER_STOPPED' });
    expect(calls).toEqual(['start a', 'abort a', 'stop a']);
    const message = 'a service did not start in time; the router stops without it';
    expect(logger.lines).toContainEqual({ level: 'error', message, fields: { service: 'slow', stopMs: 3_000 } });
    finish();
    await turns();
    expect(calls).toEqual(['start a', 'abort a', 'stop a', 'stop slow']);
  });
});

describe('a service that does not stop', () => {
  it('is left after drainTimeoutSeconds, is logged, and does not keep the others from stopping', async () => {
    const clock = new SimulatedClock();
    const logger = recordingLogger();
    const hanging = service('hanging', { stop: () => new Promise(() => undefined) });
    const router = routerWith([service('a'), hanging], { clock, logger, drainTimeoutSeconds: 3 });
    await router.start();
    const stopped = router.stop();
    await turns();
    clock.increment(2_999);
    await turns();
    expect([router.phase, calls.includes('stop a')]).toEqual(['stopping', false]);
    clock.increment(1);
    await stopped;
    expect(calls.at(-1)).toBe('stop a');
    expect(JSON.stringify(logger.lines)).toContain('a service did not stop in time');
  });

  it('is logged if it throws', async () => {
    const logger = recordingLogger();
    const broken = service('broken', { stop: () => Promise.reject(new Error('broken pipe')) });
    const router = routerWith([service('a'), broken], { logger });
    await router.start();
    await router.stop();
    expect(calls.at(-1)).toBe('stop a');
    expect(JSON.stringify(logger.lines)).toContain('internal error: a service did not stop');
  });
});

describe('the option services', () => {
  it.each([
    ['two with one name', [service('a'), service('a')], 'services contains two services with the name "a"'],
    ['no list', 'a', /^services must be a list of services, such as health\(\), not "a"$/],
    ['one without start', [{ name: 'a' }], /^services must be a list of services/],
    ['one without name', [{ ...service(''), name: '' }], /^services must be a list of services/],
  ])('refuses %s', (_, services, message) => {
    expect(() => createRouter({ services: services as Service[] })).toThrow(message);
  });
});
