import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from 'xstate';
import { systemClock } from '../../src/util/clock.js';
import { defaultMemoryBytes } from '../../src/router/machine-memory.js';
import { memoryShares } from '../../src/router/memory-budget.js';
import { parseRouterOptions, routerOptions, RouterOptionsError } from '../../src/router/options.js';
import type { RouterOptions } from '../../src/router/router-options.js';
import type { AnyOption } from '../../src/util/option.js';

describe('without options', () => {
  it('a router has the defaults that its components declare', () => {
    const options: Readonly<Record<string, unknown>> = parseRouterOptions();
    for (const [name, declared] of Object.entries<AnyOption>(routerOptions)) {
      if (declared.default.kind === 'value') expect([name, options[name]]).toEqual([name, declared.default.value]);
    }
    expect(options).toMatchObject({
      name: 'CLASP Router',
      features: ['param', 'event', 'stream', 'gesture', 'timeline'],
      securityMode: 'open',
      maxMessagesPerSecond: 0,
      maxMemoryBytes: defaultMemoryBytes(),
      maxSessions: 100,
      maxParams: 1_000_000,
      transports: [],
      services: [],
    });
  });

  it('a limit in bytes is its share of the memory budget', () => {
    const maxMemoryBytes = 2 ** 31;
    const shares = new Map(
      [...memoryShares].map(([name, { part, most }]) => [name, Math.min(maxMemoryBytes * part, most)]),
    );
    expect(shares.size).toBeGreaterThan(9);
    expect(parseRouterOptions({ maxMemoryBytes })).toMatchObject(Object.fromEntries<number>(shares));
  });

  it('a router has the clock of the system and no log', () => {
    const { clock, logger } = parseRouterOptions();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(60_000);
    expect(() => logger.info({}, 'not logged')).not.toThrow();
  });

  it('undefined means the default', () => {
    expect(parseRouterOptions({ name: undefined, maxSessions: undefined, inspect: undefined })).toMatchObject({
      name: 'CLASP Router',
      maxSessions: 100,
    });
  });
});

describe('a given option', () => {
  const given: readonly RouterOptions[] = [
    { name: 'x' },
    { name: 'x'.repeat(255) },
    { features: [] },
    { features: ['param', 'event'] },
    { maxSessions: 0 },
    { sessionTimeoutSeconds: 0 },
    { sessionTimeoutSeconds: 0.5 },
    { sessionTimeoutSeconds: 604_800 },
    { securityMode: 'authenticated' },
    { maxSubscriptionsPerSession: 0 },
    { maxMessagesPerSecond: 1_000 },
    { acks: 'always' },
    { unknownAddress: 'silent' },
    { helloTimeoutSeconds: 0.001 },
    { drainTimeoutSeconds: 0 },
    { highWaterBytes: 1 },
    { maxQueueBytes: 65_536 },
    { maxQueueMessages: 1 },
    { newId: () => 'id' },
    { inspect: () => undefined },
    { inspect: { next: () => undefined } },
  ];

  it.each(given)('is kept unchanged: %j', (options) => {
    expect(parseRouterOptions(options)).toMatchObject(options);
  });

  it('can be a clock that is an instance of a class', () => {
    const clock = new SimulatedClock();
    expect(parseRouterOptions({ clock }).clock).toBe(clock);
  });
});

describe('an invalid option', () => {
  it.each<[unknown, string]>([
    [{ maxSessions: -1 }, 'maxSessions must be a whole number of at least 0, not -1'],
    [{ maxSessions: 1.5 }, 'maxSessions must be a whole number of at least 0, not 1.5'],
    [{ maxSessions: '10' }, 'maxSessions must be a whole number of at least 0, not "10"'],
    [{ maxSessions: null }, 'maxSessions must be a whole number of at least 0, not null'],
    [{ maxSessions: NaN }, 'maxSessions must be a whole number of at least 0, not NaN'],
    [{ maxQueueBytes: 1_000 }, 'maxQueueBytes must be a whole number of at least 65536, not 1000'],
    [{ maxQueueMessages: 0 }, 'maxQueueMessages must be a whole number of at least 1, not 0'],
    [{ name: '' }, 'name must be a text of 1 to 255 characters, not ""'],
    [{ name: 7n }, 'name must be a text of 1 to 255 characters, not 7'],
    [
      { features: ['param', 'federation'] },
      'features must be a list of param, event, stream, gesture, timeline, not ["param", "federation"]',
    ],
    [{ features: 'param' }, 'features must be a list of param, event, stream, gesture, timeline, not "param"'],
    [{ sessionTimeoutSeconds: -1 }, 'sessionTimeoutSeconds must be a number of seconds from 0 to 604800, not -1'],
    [
      { sessionTimeoutSeconds: Infinity },
      'sessionTimeoutSeconds must be a number of seconds from 0 to 604800, not Infinity',
    ],
    [{ helloTimeoutSeconds: 0 }, 'helloTimeoutSeconds must be a number of seconds above 0 and at most 3600, not 0'],
    [{ securityMode: 'closed' }, 'securityMode must be "open" or "authenticated", not "closed"'],
    [{ acks: true }, 'acks must be "requested" or "always", not true'],
    [{ transports: [{}] }, 'transports must be a list of transports, such as webSocket(), not [an object]'],
    [
      { clock: {} },
      'clock must have the methods now, setTimeout and clearTimeout, and may have wallNow, not an object',
    ],
    [
      { clock: { ...systemClock, wallNow: 0 } },
      'clock must have the methods now, setTimeout and clearTimeout, and may have wallNow, not an object',
    ],
    [{ logger: console.log }, 'logger must have the methods debug, info, warn and error, not a function'],
    [{ newId: 'id' }, 'newId must be a function, not "id"'],
    [{ inspect: 1 }, 'inspect must be a function or an observer, not 1'],
    ['fast', 'the options must be an object'],
    [{ maxSesions: 5 }, 'unknown option "maxSesions"; did you mean "maxSessions"?'],
    [{ maxsessions: 5 }, 'unknown option "maxsessions"; did you mean "maxSessions"?'],
    [{ persist: true }, 'unknown option "persist"'],
  ])('%j is refused with one sentence', (options, message) => {
    // a JavaScript caller can pass this
    const parse = (): unknown => parseRouterOptions(options as RouterOptions);
    expect(parse).toThrow(RouterOptionsError);
    expect(parse).toThrow(new RouterOptionsError(message));
  });
});
