import { describe, expect, it, jest } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import type { SignalRules } from '../../src/core/ports.js';
import { ErrorCode } from '../../src/protocol/errors.js';
import { createRouter } from '../../src/router/create-router.js';

/** Numbers below 1 at `/dim`, no rules for other addresses. */
const rules: SignalRules = {
  definitions: [{ address: '/dim', type: 'param', datatype: 'f32' }],
  check: (address, value, type) =>
    address !== '/dim' || (type === 'param' && typeof value === 'number' && value < 1)
      ? undefined
      : `${type} ${JSON.stringify(value)} is nothing for /dim`,
};

describe('signal rules', () => {
  it('refuse invalid values with ERROR 402, in SETs, PUBLISHes and bundles', async () => {
    const router = createRouter({ signals: rules });
    const client = await router.connect();
    const errors: unknown[] = [];
    client.onError((error) => errors.push(error));
    await expect(client.set('/dim', 0.5)).resolves.toMatchObject({ revision: 1 });
    await expect(client.set('/else', 'anything')).resolves.toMatchObject({ revision: 1 });
    await expect(client.set('/dim', null)).rejects.toMatchObject({
      code: ErrorCode.InvalidValue,
      message: 'param null is nothing for /dim',
      address: '/dim',
    });
    const bundle = client.bundle([
      { kind: 'param', address: '/dim', value: 0.1 },
      { kind: 'param', address: '/dim', value: 2 },
    ]);
    await expect(bundle).rejects.toMatchObject({ code: ErrorCode.InvalidValue });
    client.emit('/dim');
    client.stream('/dim', Float32Array.of(1, 2));
    await client.ping();
    expect(errors).toMatchObject([
      { code: ErrorCode.InvalidValue, message: 'event undefined is nothing for /dim' },
      { code: ErrorCode.InvalidValue, message: 'stream [1,2] is nothing for /dim' },
    ]);
    await expect(client.get('/dim')).resolves.toMatchObject({ value: 0.5, revision: 1 });
    await router.stop();
  });

  it('receive the phase of a gesture', async () => {
    const asked: unknown[] = [];
    const check: SignalRules['check'] = (...question) => {
      asked.push(question);
      return undefined;
    };
    const router = createRouter({ signals: { definitions: [], check } });
    const client = await router.connect();
    client.gesture('/touch', 1, 'start', 0.5);
    client.gesture('/touch', 1, 'end');
    await client.ping();
    expect(asked).toEqual([
      ['/touch', 0.5, 'gesture', 'start'],
      ['/touch', undefined, 'gesture', 'end'],
    ]);
    await router.stop();
  });

  it('are announced by the router itself', async () => {
    const router = createRouter({ signals: rules });
    const client = await router.connect();
    await expect(client.query('/**')).resolves.toMatchObject([{ address: '/dim', type: 'param', datatype: 'f32' }]);
    await router.stop();
  });

  it('outlive the TTL of other announcements', async () => {
    const clock = new SimulatedClock();
    const router = createRouter({ signals: rules, signalTtlSeconds: 10, clock });
    const client = await router.connect();
    await client.announce('/desk', [{ address: '/desk/fader', type: 'param' }, ...rules.definitions]);
    for (let i = 0; i < 3; i++) {
      clock.increment(11_000);
      await expect(client.query('/**')).resolves.toMatchObject([{ address: '/dim' }]);
    }
    await router.stop();
  });

  it('that throw fail only the write they were called for', async () => {
    const error = jest.fn();
    const logger = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error };
    const check = (): never => {
      throw new Error('oops');
    };
    const router = createRouter({ signals: { definitions: [], check }, logger });
    const client = await router.connect();
    await expect(client.set('/a', 1)).rejects.toMatchObject({ code: ErrorCode.InternalError });
    await expect(client.ping()).resolves.toBeGreaterThanOrEqual(0);
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ hook: 'signals' }), 'internal error in a hook');
    await router.stop();
  });
});
