import { describe, expect, it } from '@jest/globals';
import { BrowserLike } from './support/browser-like.js';
import {
  cyclesOf,
  identifiersOf,
  type Import,
  importsOf,
  readSources,
  readTests,
  type Sources,
} from './support/imports.js';
import { binaryVectorFiles, readVectors } from './support/vectors.js';

/** Permitted imports of a folder, in addition to `protocol`, `util` and its own modules. */
interface FolderRule {
  /** Folders. `core` includes its subfolders. */
  readonly folders?: readonly string[];
  /** Single modules. */
  readonly modules?: readonly string[];
  /** Modules and folders from which only types may be imported; `*` = all. */
  readonly types?: readonly string[];
  /** Packages and modules of Node.js. All if undefined. */
  readonly packages?: readonly string[];
}

const CONNECTION = 'transports/transport.ts';

/** The import rules of docs/explanation/architecture.md, one row per folder of `src`. The first two must not import each other. */
const rules: Readonly<Record<string, FolderRule>> = {
  protocol: { packages: ['cbor-x'] },
  util: { packages: [] },
  'util-node': {},
  core: { packages: [] },
  net: {},
  http: { folders: ['net', 'util-node'] },
  transports: { folders: ['net', 'http'] },
  actors: { folders: ['core'], types: [CONNECTION] },
  // The client runs in browsers too; code for Node.js only is in client/node and client/node.ts.
  client: { packages: [], types: [CONNECTION, 'transports/local/index.ts'] },
  'client/node': { folders: ['client', 'net', 'transports'] },
  router: { folders: ['core', 'net', 'http', 'transports', 'actors', 'client'] },
  auth: { folders: ['util-node'], modules: ['core/ports.ts'] },
  certificates: { folders: ['net', 'util-node'], modules: ['core/ports.ts'] },
  health: { modules: ['core/ports.ts', 'http/http-port.ts'], types: ['http/route.ts', 'router/service.ts'] },
  // The params store and the journal observe the core through its ports. Their files are their own.
  journal: {
    folders: ['util-node', 'journal/format'],
    modules: ['core/ports.ts', 'core/observers.ts'],
    types: ['router/service.ts', 'core/params/stored-param.ts'],
  },
  // The file format of the store: no files, no clocks. zlib has the CRC.
  'journal/format': { packages: ['node:zlib'] },
  signals: { folders: ['client'] },
  inspector: { folders: ['util-node'], types: ['*'] },
  embed: { folders: ['core', 'net', 'actors', 'client', 'router'], types: [CONNECTION] },
  cli: { folders: ['*'] },
  '': { folders: ['*'] },
};

/** A folder without a row is a feature: it uses ports and changes no other module. */
const featureRule: FolderRule = { modules: ['core/ports.ts'], types: ['router/service.ts', CONNECTION] };

function isAllowed({ from, to, ours, typeOnly }: Import): boolean {
  const folder = folderOf(from);
  const { folders = [], modules = [], types = [], packages } = rules[folder] ?? featureRule;
  if (!ours) return packages?.includes(to) ?? true;
  const target = folderOf(to);
  if (target === folder || modules.includes(to)) return true;
  if (target === 'protocol' || target === 'util') return folder !== 'protocol' && folder !== 'util';
  if (folders.includes(target) || (folders.includes('*') && target !== 'cli')) return true;
  return typeOnly && (types.includes('*') || types.includes(to) || types.includes(target));
}

/**
 * Returns the top folder below `src`, or the part of it that has rules of its own: the client for Node.js only, the file
 * format of the store. Empty for `src` itself.
 */
function folderOf(module: string): string {
  if (module.startsWith('journal/format/')) return 'journal/format';
  if (module === 'client/node.ts' || module.startsWith('client/node/')) return 'client/node';
  return module.includes('/') ? module.slice(0, module.indexOf('/')) : '';
}

function violations(sources: Sources): readonly string[] {
  return importsOf(sources)
    .filter((target) => !isAllowed(target))
    .map(({ from, to, typeOnly }) => `${from} imports ${typeOnly ? 'types of ' : ''}${to}`);
}

/** Globals of Node.js that browsers lack, and globals for timers and clocks. */
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

/** Maximum lines of a file: one that is longer probably holds a second concept. */
const MAX_SOURCE_LINES = 300;
const MAX_TEST_LINES = 400;

/** Files over the limit, with the lines that they may have, and why. */
const longFiles: Readonly<Record<string, { readonly most: number; readonly reason: string }>> = {
  'test/support/arbitraries.ts': { most: 470, reason: 'one generator per message, which refer to each other' },
};

function tooLong(files: Sources, most: number): readonly string[] {
  return [...files]
    .map(([file, text]) => ({ file, lines: text.trimEnd().split('\n').length }))
    .filter(({ file, lines }) => lines > (longFiles[file]?.most ?? most))
    .map(({ file, lines }) => `${file} has ${lines} lines`);
}

const sources = readSources();
const imports = importsOf(sources);
const protocolSources = new Map([...sources].filter(([file]) => folderOf(file) === 'protocol'));

describe('the imports in src', () => {
  it('are all found', () => {
    expect(sources.size).toBeGreaterThan(40);
    expect(imports.length).toBeGreaterThan(150);
    expect(imports.filter(({ to, ours }) => ours && !sources.has(to))).toEqual([]); // each refers to a module
  });

  it('follow the rules of their folders', () => expect(violations(sources)).toEqual([]));

  it('form no cycle, type-only imports included', () => expect(cyclesOf(imports)).toEqual([]));

  it('have a rule for each folder', () => {
    const folders = new Set([...sources.keys()].map(folderOf));
    expect([...folders].filter((folder) => !(folder in rules))).toEqual([]);
  });

  it('leave src/index.ts as the only module directly in src', () => {
    expect([...sources.keys()].filter((file) => folderOf(file) === '')).toEqual(['index.ts']);
  });

  it.each([
    ['protocol/a.ts', `import { x } from '../transports/transport.js';`],
    ['protocol/a.ts', `import type { Clock } from '../util/clock.js';`],
    ['protocol/deep/a.ts', `export * from '../../router/options.js';`],
    ['protocol/a.ts', `import { readFileSync } from 'node:fs';`],
    ['protocol/a.ts', `import fs from 'fs';`],
    ['protocol/a.ts', `import type { Observable } from 'rxjs';`],
    ['protocol/a.ts', `type Socket = import('ws').WebSocket;`],
    ['protocol/a.ts', `const fs = await import('node:fs');`],
    ['protocol/a.ts', `const fs = require('fs');`],
    ['protocol/a.ts', `const name = 'x'; await import(name);`],
    ['util/a.ts', `import type { Address } from '../protocol/address.js';`],
    ['util/a.ts', `import { hostname } from 'node:os';`],
    ['core/a.ts', `import { setup } from 'xstate';`],
    ['core/params/a.ts', `import type { Observable } from 'rxjs';`],
    ['core/a.ts', `import { randomUUID } from 'node:crypto';`],
    ['core/a.ts', `import type { Connection } from '../transports/transport.js';`],
    ['core/a.ts', `import type { SessionHubInput } from '../actors/session/session-hub-types.js';`],
    ['net/a.ts', `import type { Connection } from '../transports/transport.js';`],
    ['http/a.ts', `import type { Connection } from '../transports/transport.js';`],
    ['transports/udp/a.ts', `import { RouterCore } from '../../core/router-core.js';`],
    ['transports/a.ts', `import type { Logger } from '../core/ports.js';`],
    ['transports/a.ts', `import type { Options } from '../router/options.js';`],
    ['actors/a.ts', `import { ConnectionLost } from '../transports/transport.js';`],
    ['actors/a.ts', `import { type Connection } from '../transports/transport.js';`], // still loads the module
    ['actors/a.ts', `import type { WebSocketOptions } from '../transports/websocket/index.js';`],
    ['actors/a.ts', `import { createRouter } from '../router/create-router.js';`],
    ['actors/a.ts', `import { verify } from '../auth/token.js';`],
    ['router/a.ts', `import { main } from '../cli/main.js';`],
    ['router/a.ts', `import { staticFiles } from '../inspector/index.js';`],
    ['client/a.ts', `import type { Socket } from 'node:net';`],
    ['client/a.ts', `import { WebSocket } from 'ws';`],
    ['client/a.ts', `import type { Observable } from 'rxjs';`],
    ['client/a.ts', `import { linkTo } from './node/link-to.js';`],
    ['client/index.ts', `export * from './node.js';`],
    ['client/a.ts', `import { ConnectionLost } from '../transports/transport.js';`],
    ['client/node/a.ts', `import { RouterCore } from '../../core/router-core.js';`],
    ['auth/a.ts', `import { RouterCore } from '../core/router-core.js';`],
    ['auth/a.ts', `import type { Connection } from '../transports/transport.js';`],
    ['auth/a.ts', `import type { TlsSource } from '../net/tls.js';`],
    ['journal/a.ts', `import { verify } from '../auth/token.js';`],
    ['journal/format/a.ts', `import { open } from 'node:fs/promises';`],
    ['journal/format/a.ts', `import type { Logger } from '../../core/ports.js';`],
    ['journal/format/a.ts', `import { Store } from '../store.js';`],
    ['core/a.ts', `import { decodeRecords } from '../journal/format/decode-records.js';`],
    ['certificates/a.ts', `import { webSocket } from '../transports/websocket/index.js';`],
    ['signals/a.ts', `import { linkTo } from '../client/node/link-to.js';`],
    ['inspector/a.ts', `import { createRouter } from '../router/create-router.js';`],
    ['index.ts', `import { main } from './cli/main.js';`],
  ])('would break a rule with this in %s: %s', (file, text) => {
    expect(violations(new Map([[file, text]]))).toHaveLength(1);
  });

  it.each([
    ['protocol/messages/a.ts', `import { x } from '../bytes/reader.js'; import { encode } from 'cbor-x';`],
    ['core/writes/a.ts', `import { x } from '../params/param.js'; import type { Clock } from '../../util/clock.js';`],
    [
      'http/a.ts',
      `import { TransportError } from '../net/transport-error.js'; import { createServer } from 'node:http';`,
    ],
    [
      'transports/a.ts',
      `import { decodeFrame } from '../protocol/frame.js'; import ws from 'ws'; import { c } from '../util/clock.js';`,
    ],
    ['actors/a.ts', `import type { Connection } from '../transports/transport.js'; import { setup } from 'xstate';`],
    [
      'router/a.ts',
      `import { x } from '../actors/root/root-machine.js'; import { y } from '../transports/websocket/index.js';`,
    ],
    ['cli/main.ts', `import { createRouter } from '../router/create-router.js';`],
    ['signals/a.ts', `import { encodePlain } from '../client/plain-value.js';`],
    ['inspector/a.ts', `import type { Router } from '../router/create-router.js';`],
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
      `import type { TlsSource } from '../net/tls.js'; import { silentLogger } from '../core/ports.js';`,
    ],
    ['journal/a.ts', `import type { Logger } from '../core/ports.js'; import { open } from 'node:fs/promises';`],
    ['journal/params/a.ts', `import { BlockWriter } from '../format/block-writer.js';`],
    ['journal/format/a.ts', `import { crc32 } from 'node:zlib'; import { x } from '../../protocol/u64.js';`],
  ])('would follow the rules with this in %s: %s', (file, text) =>
    expect(violations(new Map([[file, text]]))).toEqual([]),
  );

  it('would fail with a cycle in them', () => {
    const circle = new Map([
      ['a.ts', `import { b } from './b.js';`],
      ['b.ts', `export { c } from './c.js'; import type { A } from './a.js';`],
      ['c.ts', `import './b.js';`],
    ]);
    expect(cyclesOf(importsOf(circle))).toEqual(['b.ts → c.ts → b.ts', 'a.ts → b.ts → a.ts']);
  });
});

describe('the length of files', () => {
  it('is at most 300 lines in src', () => {
    const files = new Map([...sources].map(([file, text]) => [`src/${file}`, text]));
    expect(tooLong(files, MAX_SOURCE_LINES)).toEqual([]);
  });

  it('is at most 400 lines in test', () => {
    const files = readTests();
    expect(files.size).toBeGreaterThan(300);
    expect(tooLong(files, MAX_TEST_LINES)).toEqual([]);
  });

  it('is reported if it exceeds the limit by one line', () => {
    const long = (lines: number): Sources => new Map([['src/a.ts', 'x\n'.repeat(lines)]]);
    expect(tooLong(long(300), MAX_SOURCE_LINES)).toEqual([]);
    expect(tooLong(long(301), MAX_SOURCE_LINES)).toEqual(['src/a.ts has 301 lines']);
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
  ])('is reported if it uses %s', (text) => expect(foreignGlobals(new Map([['protocol/a.ts', text]]))).toHaveLength(1));

  it.each(['message.process;', 'const a = { Date: 1 };', 'interface A { module: string; }'])(
    'can contain %s',
    (text) => {
      expect(foreignGlobals(new Map([['protocol/a.ts', text]]))).toEqual([]);
    },
  );

  it('reads and writes the vectors in a realm without the globals of Node.js', async () => {
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

  it('runs in a realm that lacks the globals of Node.js', async () => {
    const globals = [...nodeGlobals, 'setTimeout'].map((name) => `typeof ${name}`).join(', ');
    const { kinds } = await new BrowserLike().run(`export const kinds = [${globals}].join();`);
    expect(kinds).toBe([...nodeGlobals, 'setTimeout'].map(() => 'undefined').join());
    await expect(new BrowserLike().run(`import 'node:fs';`)).rejects.toThrow('a browser has no module node:fs');
  });
});
