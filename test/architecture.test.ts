import { describe, expect, it } from '@jest/globals';
import { BrowserLike } from './support/browser-like.js';
import { cyclesOf, identifiersOf, type Import, importsOf, readSources, type Sources } from './support/imports.js';
import { binaryVectorFiles, readVectors } from './support/vectors.js';

/**
 * Who may import whom: docs/architecture.md in rules. A module that is neither in one of these folders nor at the root
 * of `src` belongs to a feature, which is reached through the ports of the actors and never edits them.
 */
const rules: Readonly<Record<string, (target: Import) => boolean>> = {
  protocol: ({ to, ours }) => (ours ? area(to) === 'protocol' : protocolPackages.has(to)),
  transports: ({ to, ours }) => !ours || ['protocol', 'transports'].includes(area(to)) || isLeaf(to),
  actors: ({ to, ours, typeOnly }) =>
    !ours || ['protocol', 'actors'].includes(area(to)) || isLeaf(to) || (typeOnly && to === 'transports/transport.ts'),
  // Certificates are made for doors: in their types, with the one error their users know.
  certificates: (target) =>
    featureRule(target) ||
    target.to === 'transports/transport.ts' ||
    (target.typeOnly && target.to === 'transports/tls.ts'),
  // In browsers it knows of transports only their types; what is for Node uses them.
  client: ({ from, to, ours, typeOnly }) =>
    isNodeClient(from)
      ? !ours || ['protocol', 'transports', 'client'].includes(area(to)) || isLeaf(to)
      : ours &&
        (area(to) === 'protocol' ||
          isLeaf(to) ||
          (area(to) === 'client' && !isNodeClient(to)) ||
          (typeOnly && ['transports/transport.ts', 'transports/local/index.ts'].includes(to))),
  // Signals are for clients too: what they narrow is a client of any kind.
  signals: (target) => featureRule(target) || (area(target.to) === 'client' && !isNodeClient(target.to)),
  // It looks at everything, and is part of nothing: whatever it is made of is handed to it.
  inspector: (target) => featureRule(target) || target.typeOnly,
  // The router once more, for another actor system: a composition root beside server.ts.
  embed: ({ to }) => area(to) !== 'cli',
  cli: () => true,
  '': ({ to }) => area(to) !== 'cli',
};

/** The part of the client that does not run in browsers. */
function isNodeClient(module: string): boolean {
  return module === 'client/node.ts' || module.startsWith('client/node/');
}

function featureRule({ from, to, ours }: Import): boolean {
  const near = [area(from), 'protocol', ...(area(from) === 'bridges' ? ['transports'] : [])];
  return !ours || near.includes(area(to)) || isLeaf(to) || to === 'actors/ports.ts';
}

/** Modules that import only each other, for all parts: some at the root, and the limits for new connections. */
function isLeaf(module: string): boolean {
  if (area(module) === 'admission') return true;
  return [
    'arguments.ts',
    'did-you-mean.ts',
    'clock.ts',
    'clock-watch.ts',
    'forwarded-headers.ts',
    'host-names.ts',
    'peer-deadline.ts',
    'network-place.ts',
    'printable-text.ts',
    'private-files.ts',
    'token-bucket.ts',
  ].includes(module);
}

/** What runs in a browser as well. */
const protocolPackages = new Set(['cbor-x']);

/** The top folder below `src`; empty for the modules that lie there themselves. */
function area(module: string): string {
  return module.includes('/') ? module.slice(0, module.indexOf('/')) : '';
}

function violations(sources: Sources): readonly string[] {
  return importsOf(sources)
    .filter((target) => !(rules[area(target.from)] ?? featureRule)(target))
    .map(({ from, to, typeOnly }) => `${from} imports ${typeOnly ? 'types of ' : ''}${to}`);
}

/** Node's globals that browsers lack, and what a module without sockets and timers has no business with. */
const nodeGlobals = [
  'Buffer',
  'process',
  'require',
  'module',
  'exports',
  '__dirname',
  '__filename',
  'global',
  'setImmediate',
  'clearImmediate',
];
const idleGlobals = [
  'setTimeout',
  'setInterval',
  'queueMicrotask',
  'performance',
  'Date',
  'fetch',
  'WebSocket',
  'console',
];

function foreignGlobals(sources: Sources): readonly string[] {
  const foreign = [...nodeGlobals, ...idleGlobals];
  return [...sources].flatMap(([file, text]) => {
    const names = identifiersOf(file, text);
    return foreign.filter((name) => names.has(name)).map((name) => `${file} uses ${name}`);
  });
}

const sources = readSources();
const imports = importsOf(sources);
const protocolSources = new Map([...sources].filter(([file]) => area(file) === 'protocol'));

describe('the imports in src', () => {
  it('are all seen', () => {
    expect(sources.size).toBeGreaterThan(40);
    expect(imports.length).toBeGreaterThan(150);
    expect(imports.filter(({ to, ours }) => ours && !sources.has(to))).toEqual([]); // each leads to a module
  });

  it('keep the arrows', () => expect(violations(sources)).toEqual([]));

  it('go in no circle', () => expect(cyclesOf(imports)).toEqual([]));

  it.each([
    ['protocol/a.ts', `import { x } from '../transports/transport.js';`],
    ['protocol/a.ts', `import type { Clock } from '../clock.js';`],
    ['protocol/deep/a.ts', `export * from '../../options.js';`],
    ['protocol/a.ts', `import { readFileSync } from 'node:fs';`],
    ['protocol/a.ts', `import fs from 'fs';`],
    ['protocol/a.ts', `import type { Observable } from 'rxjs';`],
    ['protocol/a.ts', `type Socket = import('ws').WebSocket;`],
    ['protocol/a.ts', `const fs = await import('node:fs');`],
    ['protocol/a.ts', `const fs = require('fs');`],
    ['protocol/a.ts', `const name = 'x'; await import(name);`],
    ['transports/udp/a.ts', `import { Core } from '../../actors/router/router-core.js';`],
    ['transports/a.ts', `import type { Logger } from '../actors/ports.js';`],
    ['transports/a.ts', `import type { Options } from '../options.js';`],
    ['actors/a.ts', `import { ConnectionLost } from '../transports/transport.js';`],
    ['actors/a.ts', `import { type Connection } from '../transports/transport.js';`], // still loads the module
    ['actors/a.ts', `import type { Door } from '../transports/websocket/index.js';`],
    ['actors/a.ts', `import { createRouter } from '../server.js';`],
    ['actors/a.ts', `import { verify } from '../auth/token.js';`],
    ['server.ts', `import { main } from './cli/main.js';`],
    ['client/a.ts', `import type { Socket } from 'node:net';`],
    ['client/a.ts', `import { WebSocket } from 'ws';`],
    ['client/a.ts', `import type { Observable } from 'rxjs';`],
    ['client/a.ts', `import { linkTo } from './node/link-to.js';`],
    ['client/index.ts', `export * from './node.js';`],
    ['client/a.ts', `import { ConnectionLost } from '../transports/transport.js';`],
    ['client/node/a.ts', `import { Core } from '../../actors/router/router-core.js';`],
    ['auth/a.ts', `import { RouterCore } from '../actors/router/router-core.js';`],
    ['auth/a.ts', `import type { Connection } from '../transports/transport.js';`],
    ['journal/a.ts', `import { verify } from '../auth/token.js';`],
    ['certificates/a.ts', `import { webSocket } from '../transports/websocket/index.js';`],
    ['certificates/a.ts', `import { TlsSource } from '../transports/tls.js';`],
    ['auth/a.ts', `import type { TlsSource } from '../transports/tls.js';`],
    ['signals/a.ts', `import { linkTo } from '../client/node/link-to.js';`],
    ['inspector/a.ts', `import { createRouter } from '../server.js';`],
  ])('would not pass with this in %s: %s', (file, text) => {
    expect(violations(new Map([[file, text]]))).toHaveLength(1);
  });

  it.each([
    ['protocol/messages/a.ts', `import { x } from '../bytes/reader.js'; import { encode } from 'cbor-x';`],
    [
      'transports/a.ts',
      `import { decodeFrame } from '../protocol/frame.js'; import ws from 'ws'; import { c } from '../clock.js';`,
    ],
    ['actors/a.ts', `import type { Connection } from '../transports/transport.js'; import { setup } from 'xstate';`],
    [
      'server.ts',
      `import { x } from './actors/root/root-machine.js'; import { y } from './transports/websocket/index.js';`,
    ],
    ['cli/main.ts', `import { createRouter } from '../server.js';`],
    ['signals/a.ts', `import { encodePlain } from '../client/plain-value.js';`],
    ['inspector/a.ts', `import type { Router } from '../server.js';`],
    [
      'client/a.ts',
      `import type { Connection } from '../transports/transport.js'; import { x } from '../protocol/frame.js'; import './b.js';`,
    ],
    [
      'client/node/a.ts',
      `import { connect } from 'node:net'; import { ALPN } from '../../transports/quic/constants.js'; import '../link.js';`,
    ],
    [
      'certificates/a.ts',
      `import type { TlsSource } from '../transports/tls.js'; import { TransportError } from '../transports/transport.js';`,
    ],
    [
      'bridges/osc/a.ts',
      `import type { Transport } from '../../transports/transport.js'; import type { L } from '../../actors/ports.js';`,
    ],
  ])('would pass with this in %s: %s', (file, text) => expect(violations(new Map([[file, text]]))).toEqual([]));

  it('would not pass with a circle in them', () => {
    const circle = new Map([
      ['a.ts', `import { b } from './b.js';`],
      ['b.ts', `export { c } from './c.js'; import type { A } from './a.js';`],
      ['c.ts', `import './b.js';`],
    ]);
    expect(cyclesOf(importsOf(circle))).toEqual(['b.ts → c.ts → b.ts']);
  });
});

describe('src/protocol in a browser', () => {
  it('uses no global that browsers lack, no timer and no clock', () => {
    expect(foreignGlobals(protocolSources)).toEqual([]);
  });

  it.each([
    'const a = Buffer.from(b);',
    'process.nextTick(run);',
    'const n = Date.now();',
    'setTimeout(run, 1);',
    'const e = { console };',
  ])('would be found out by %s', (text) => expect(foreignGlobals(new Map([['protocol/a.ts', text]]))).toHaveLength(1));

  it.each(['message.process;', 'const a = { Date: 1 };', 'interface A { module: string; }'])(
    'may well say %s',
    (text) => {
      expect(foreignGlobals(new Map([['protocol/a.ts', text]]))).toEqual([]);
    },
  );

  it('reads and writes the vectors in a realm without Node', async () => {
    const frames = binaryVectorFiles
      .flatMap((file) => readVectors(file))
      .filter(({ direction }) => direction === 'both')
      .map(({ hex, frame }) => ({ hex, qos: frame.qos, timestamped: frame.timestamp !== undefined }));
    const { results } = await new BrowserLike().run(`
      import { decodeFrame, encodeFrame, decodeJson, encodeJson, Deframer, matchPattern, parsePattern } from './protocol/index.js';
      const fromHex = (hex) => Uint8Array.from(hex.match(/../g), (digits) => parseInt(digits, 16));
      const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      export const results = ${JSON.stringify(frames)}.map(({ hex, qos, timestamped }) => {
        const [bytes] = new Deframer().push(fromHex(hex));
        const { message, timestamp } = decodeFrame(bytes);
        const { message: viaCbor } = decodeFrame(encodeFrame(message, { encoding: 'cbor' }));
        const { message: viaJson } = decodeJson(encodeJson(message));
        return [message, viaCbor, viaJson].map((form) => toHex(encodeFrame(form, timestamped ? { qos, timestamp } : { qos })));
      });
      if (!matchPattern(parsePattern('/a/**'), '/a')) throw new Error('no match');
    `);
    expect(results).toEqual(frames.map(({ hex }) => [hex, hex, hex]));
  });

  it('is a realm where Node is indeed missing', async () => {
    const globals = [...nodeGlobals, 'setTimeout'].map((name) => `typeof ${name}`).join(', ');
    const { kinds } = await new BrowserLike().run(`export const kinds = [${globals}].join();`);
    expect(kinds).toBe([...nodeGlobals, 'setTimeout'].map(() => 'undefined').join());
    await expect(new BrowserLike().run(`import 'node:fs';`)).rejects.toThrow('a browser has no module node:fs');
  });
});
