import { describe, expect, it } from '@jest/globals';
import { memory } from '../../src/transports/memory/index.js';
import { quic } from '../../src/transports/quic/index.js';
import { pipe, tcp } from '../../src/transports/tcp/index.js';
import { udp } from '../../src/transports/udp/index.js';
import { webSocket } from '../../src/transports/websocket/index.js';
import { openHttpPort } from '../../src/http/index.js';
import { TransportError } from '../../src/net/transport-error.js';
import { codedError } from '../support/coded-error.js';

type Call = (options?: unknown) => unknown;

/** Untyped calls. */
const calls: Readonly<Record<string, Call>> = {
  webSocket: webSocket as Call,
  tcp: tcp as Call,
  udp: udp as Call,
  quic: quic as Call,
  pipe: pipe as Call,
  memory: memory as Call,
  openHttpPort: openHttpPort as Call,
};

async function messageOf(call: string, options: unknown): Promise<string> {
  const error = await codedError(() => calls[call]!(options));
  expect(error.code).toBe('CLASP_ERR_ARGUMENT');
  return error.message;
}

describe('the options of a transport', () => {
  it.each(Object.keys(calls))('must be an object: %s', async (call) => {
    for (const [options, text] of [
      [null, 'null'],
      [5, '5'],
      ['x', '"x"'],
      [[], '[]'],
    ] as const) {
      expect(await messageOf(call, options)).toBe(`the options of ${call} must be an object, not ${text}`);
    }
  });

  it.each<[call: string, options: object, text: string]>([
    ['webSocket', { prt: 1 }, 'webSocket has no option "prt"; did you mean "port"?'],
    ['webSocket', { allowOrigins: [] }, 'webSocket has no option "allowOrigins"; did you mean "allowedOrigins"?'],
    ['tcp', { prt: 1 }, 'tcp has no option "prt"; did you mean "port"?'],
    ['udp', { prt: 1 }, 'udp has no option "prt"; did you mean "port"?'],
    ['quic', { prt: 1 }, 'quic has no option "prt"; did you mean "port"?'],
    ['pipe', { pth: '/tmp/x' }, 'pipe has no option "pth"; did you mean "path"?'],
    ['openHttpPort', { port: 0, route: [] }, 'openHttpPort has no option "route"; did you mean "routes"?'],
  ])('are rejected with a suggestion if a name is wrong: %s(%j)', async (call, options, text) => {
    expect(await messageOf(call, options)).toBe(text);
  });

  it('are rejected with the known names if none is similar', async () => {
    expect(await messageOf('memory', { latency: 1 })).toBe('memory has no option "latency"; did you mean "latencyMs"?');
    expect(await messageOf('memory', { color: 1 })).toBe(
      'memory has no option "color"; the options are latencyMs, lossRatio, random, clock',
    );
    expect(await messageOf('udp', { tls: {} })).toMatch(/^udp has no option "tls"; the options are port, host, /);
    expect(await messageOf('tcp', { maxConnections: 5 })).toMatch(/^tcp has no option "maxConnections"; /);
  });

  it.each<[call: string, options: object | undefined, text: string]>([
    ['tcp', {}, 'tcp requires the option port'],
    ['pipe', {}, 'pipe requires the option path'],
    ['quic', {}, 'quic requires the option tls'],
    ['openHttpPort', { port: 0 }, 'openHttpPort requires the option routes'],
  ])('are rejected if a required one is missing: %s(%j)', async (call, options, text) => {
    expect(await messageOf(call, options)).toBe(text);
  });

  const tls = { tls: { credentials: { key: '', cert: '' }, renewed$: { subscribe: () => undefined } } };
  const listening = { webSocket: {}, tcp: { port: 0 }, udp: {}, quic: tls } as const;
  it.each(Object.entries(listening))('are rejected with the range if a value is wrong: %s', async (call, others) => {
    for (const port of ['x', -1, 1.5, NaN, null, {}]) {
      expect(await messageOf(call, { ...others, port })).toMatch(
        new RegExp(`^port of ${call} must be a whole number from 0, not `),
      );
    }
    expect(await messageOf(call, { ...others, host: 5 })).toBe(`host of ${call} must be a text, not 5`);
    expect(await messageOf(call, { ...others, host: {} })).toBe(`host of ${call} must be a text, not an object`);
    expect(await messageOf(call, { ...others, clock: {} })).toMatch(/must have the methods now, setTimeout/);
  });

  it.each<[call: string, options: object, text: string | RegExp]>([
    ['webSocket', { tls: 5 }, /^tls of webSocket must be a source of certificates, .*, not 5$/],
    ['webSocket', { tls: {} }, /^tls of webSocket must be a source of certificates/],
    ['tcp', { port: 0, tls: {} }, /^tls of tcp must be a source of certificates/],
    ['quic', { tls: {} }, /^tls of quic must be a source of certificates/],
    ['quic', { ...tls, provider: {} }, /^provider of quic must have the methods listen and connect/],
    ['quic', { ...tls, datagrams: 1 }, 'datagrams of quic must be true or false, not 1'],
    ['quic', { ...tls, maxConnections: 'x' }, 'maxConnections of quic must be a whole number from 0, not "x"'],
    ['webSocket', { maxHalfOpen: 'x' }, 'maxHalfOpen of webSocket must be a whole number from 0, not "x"'],
    ['webSocket', { allowedOrigins: 5 }, 'allowedOrigins of webSocket must be a list of strings, not 5'],
    ['webSocket', { allowedOrigins: 'null' }, 'allowedOrigins of webSocket must be a list of strings, not "null"'],
    ['webSocket', { trustedProxies: [5] }, 'trustedProxies of webSocket must be a list of strings, not [5]'],
    ['webSocket', { routes: 5 }, 'routes of webSocket must be a list of routes, not 5'],
    ['webSocket', { routes: [5] }, /^each of the routes of webSocket must be an object with the method answer or /],
    ['webSocket', { routes: [{ answer: 5 }] }, 'answer of a route of routes of webSocket must be a function, not 5'],
    ['webSocket', { onRouteError: 5 }, 'onRouteError of webSocket must be a function, not 5'],
    ['webSocket', { statusPage: '<p>' }, 'statusPage of webSocket must be a function, not "<p>"'],
    ['webSocket', { pingIntervalMs: '5' }, /^pingIntervalMs of webSocket must be a number of milliseconds from 0/],
    ['webSocket', { connectsPerSecond: -1 }, /^connectsPerSecond of webSocket must be a number per second from 0/],
    ['udp', { idleMs: 'x' }, 'idleMs of udp must be a number of milliseconds from 0, not "x"'],
    ['udp', { cookiesPerSecond: 0 }, 'cookiesPerSecond of udp must be a whole number from 1, not 0'],
    ['udp', { maxConnections: -1 }, 'maxConnections of udp must be a whole number from 0, not -1'],
    ['pipe', { path: 5 }, 'path of pipe must be a text, not 5'],
    ['pipe', { path: '' }, 'path of pipe must have at least one character, not ""'],
    ['pipe', { path: '/tmp/x', mode: '600' }, 'mode of pipe must be a number such as 0o600, not "600"'],
    ['memory', { latencyMs: 'x' }, 'latencyMs of memory must be a number of milliseconds from 0, not "x"'],
    ['memory', { lossRatio: 5 }, 'lossRatio of memory must be a number from 0 to 1, not 5'],
    ['memory', { random: 5 }, 'random of memory must be a function, not 5'],
    ['openHttpPort', { port: 0, routes: [5] }, /^each of the routes of openHttpPort must be an object/],
  ])('are rejected with the expected type: %s(%j)', async (call, options, text) => {
    const message = await messageOf(call, options);
    if (text instanceof RegExp) expect(message).toMatch(text);
    else expect(message).toBe(text);
  });

  it('that depend on the system are checked when the transport listens', async () => {
    await expect(udp({ port: 0, maxDatagramBytes: 5 }).listen()).rejects.toBeInstanceOf(TransportError);
    await expect(tcp({ port: 70_000 }).listen()).rejects.toBeInstanceOf(TransportError);
  });

  it('can be undefined, like absent ones', () => {
    expect(() => webSocket({ port: undefined, tls: undefined, routes: undefined })).not.toThrow();
    expect(() => memory({ latencyMs: undefined })).not.toThrow();
  });
});
