// @ts-check
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brokers, brokerTarget, claspPeer } from './brokers.mjs';
import { stop, track } from './children.mjs';
import { found, missingProgram, programVersion } from './programs.mjs';
import { Worker } from './worker.mjs';

/**
 * @typedef {object} RunningServer
 * @property {import('./wire/clasp.mjs').Server} address
 * @property {number | undefined} pid process whose CPU time is the server's
 * @property {((name: string, input?: unknown) => Promise<any>) | undefined} call only for servers that answer requests
 * @property {() => Promise<void>} stop
 *
 * @typedef {object} Target a server to measure
 * @property {string} name
 * @property {string} wire the module in wire/ for its protocol
 * @property {boolean} isEndpoint it forwards nothing: it counts messages, and echoes them if latency is measured
 * @property {boolean} isGuest a third-party program: if it is missing, the run continues without it and reports that
 * @property {boolean} acknowledges whether it confirms each message that requests it
 * @property {() => string | undefined} missing why it cannot run here; undefined if it can
 * @property {() => string | undefined} version undefined if it is that of this package
 * @property {(kind: 'throughput' | 'latency') => Promise<RunningServer>} start on 127.0.0.1, on a port of
 *   the system's choice
 */

const HOST = '127.0.0.1';
const START_MS = 10_000;
const LISTENING = /listening on (?:\w+:\/\/)?(\S+):(\d+)/;
const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const bunScript = fileURLToPath(new URL('./peers/bun.mjs', import.meta.url));
const ourArgs = [
  ...[cli, '--port', '0', '--host', HOST, '--log-level', 'error'],
  ...['--max-sessions', '0'], // 1,000 subscribers and their publisher exceed the default by one
];
const ourCommand = [process.execPath, ...ourArgs];
const missingBuild = () => (existsSync(cli) ? undefined : 'dist/cli/main.js is not there: run npm run build');

/**
 * All targets, by name. To add a broker, add an entry here (`brokers` has programs, `ownPeer` starts a script in
 * peers/), a module in wire/ with the exports of clasp.mjs for its protocol, and its name in the `targets` of its
 * cases.
 *
 * @type {Map<string, Target>}
 */
export const targets = new Map(
  [
    { ...serverCommand('clasp-router', ourCommand), missing: missingBuild },
    {
      ...serverCommand('clasp-router-tls', [...ourCommand, '--tls', '--data-dir', '{folder}'], { tls: true }),
      missing: missingBuild,
    },
    // The router in a process that reports its memory.
    { ...ownPeer('clasp-embedded', { file: 'own-router', answers: true }), missing: missingBuild },
    ...(process.env.CLASP_PEER_CMD === undefined ? [] : [claspPeer('clasp-peer', process.env.CLASP_PEER_CMD)]),
    ...[...brokers].map(([name, broker]) => brokerTarget(name, broker, name)),
    bunTarget('bun', 'bun'),
    { ...ownPeer('aedes', { wire: 'mqtt', package: 'aedes' }) },
    { ...ownPeer('socket.io', { wire: 'socket-io', file: 'socket-io', package: 'socket.io' }) },
    ownPeer('naive-ws'),
    ownPeer('bare-ws', { isEndpoint: true }),
    ownPeer('sink', { isEndpoint: true, file: 'sink-server' }),
  ].map((target) => [target.name, target]),
);

/**
 * A CLASP server started by a command that prints `listening on HOST:PORT`.
 *
 * @param {string} name
 * @param {readonly string[]} command program and arguments; `{folder}` is a temporary folder
 * @param {{ tls?: boolean }} [options]
 * @returns {Target}
 */
export function serverCommand(name, [program = '', ...args], { tls = false } = {}) {
  return {
    name,
    wire: 'clasp',
    isEndpoint: false,
    isGuest: false,
    acknowledges: true,
    missing: () => undefined,
    version: () => undefined,
    start: async () => {
      const folder = args.includes('{folder}') ? mkdtempSync(join(tmpdir(), 'clasp-bench-')) : undefined;
      const withFolder = folder === undefined ? args : args.map((arg) => (arg === '{folder}' ? folder : arg));
      const child = spawn(program, withFolder, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NODE_ENV: 'production' },
      });
      track(child);
      const end = async () => {
        await stop(child);
        if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      };
      try {
        return { address: { ...(await listening(name, child)), tls }, pid: child.pid, call: undefined, stop: end };
      } catch (error) {
        await end();
        throw error;
      }
    },
  };
}

/** Programs of which {@link programTarget} can measure another version. */
export const programKinds = [...brokers.keys(), 'bun', 'node'];

/**
 * A target by the path of its program, for another version beside the installed one. With `node`, it is the router of
 * this checkout under that Node.js.
 *
 * @param {string} kind one of {@link programKinds}
 * @param {string} program its path
 * @returns {Target} its name has the version
 */
export function programTarget(kind, program) {
  const broker = brokers.get(kind);
  const version =
    missingProgram(program) === undefined ? programVersion(program, broker?.versionArgs ?? ['--version']) : undefined;
  const name = version === undefined ? `${kind} at ${program}` : `${kind}-${version}`;
  if (broker !== undefined) return brokerTarget(name, broker, program);
  if (kind === 'bun') return bunTarget(name, program);
  return {
    ...guestCommand(name, program, ourArgs),
    name: `clasp-router-${name}`,
    missing: () => missingProgram(program) ?? missingBuild(),
  };
}

/**
 * @param {string} name
 * @param {string} program name or path of Bun
 */
function bunTarget(name, program) {
  return guestCommand(name, program, [bunScript]);
}

/**
 * A CLASP server under a program that can be missing.
 *
 * @param {string} name
 * @param {string} program its name or path
 * @param {readonly string[]} args
 * @returns {Target}
 */
function guestCommand(name, program, args) {
  return {
    ...serverCommand(name, [found(program) ?? program, ...args]),
    isGuest: true,
    missing: () => missingProgram(program),
    version: () => programVersion(program, ['--version']),
  };
}

/**
 * A script in peers/ that answers `listen`.
 *
 * @param {string} name
 * @param {{ wire?: string, isEndpoint?: boolean, file?: string, package?: string, answers?: boolean }} [options]
 * `package`: the package whose code it runs, if it is not this one
 * @returns {Target}
 */
function ownPeer(name, { wire = 'clasp', isEndpoint = false, file = name, package: from, answers = isEndpoint } = {}) {
  return {
    name,
    wire,
    isEndpoint,
    isGuest: from !== undefined,
    acknowledges: true,
    missing: () =>
      from === undefined || versionOf(from) !== undefined ? undefined : `the package ${from} is not installed`,
    version: () => (from === undefined ? undefined : versionOf(from)),
    start: async (kind) => {
      const worker = new Worker(`./peers/${file}.mjs`, kind === 'latency' ? ['echo'] : []);
      const { port } = await worker.call('listen');
      return {
        address: { host: HOST, port },
        pid: worker.pid,
        call: answers ? (call, input) => worker.call(call, input) : undefined,
        stop: () => worker.stop(),
      };
    },
  };
}

/** @param {string} name of an npm package @returns {string | undefined} undefined if it is not installed */
export function versionOf(name) {
  try {
    const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
    return String(JSON.parse(readFileSync(file, 'utf8')).version);
  } catch {
    return undefined;
  }
}

/**
 * @param {string} name
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child
 * @returns {Promise<{ host: string, port: number }>}
 */
function listening(name, child) {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(
      () => reject(new Error(`${name} did not say where it listens within ${START_MS} ms`)),
      START_MS,
    );
    // Both pipes are read to the end, or a server with much output would block.
    child.stderr.on('data', (chunk) => (stderr = (stderr + chunk).slice(-500)));
    child.stdout.on('data', (chunk) => {
      stdout = (stdout + chunk).slice(-4_000);
      const found = LISTENING.exec(stdout);
      if (found === null) return;
      clearTimeout(timer);
      resolve({ host: HOST, port: Number(found[2]) });
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`${name} ended at once (${signal ?? code}): ${stderr.trim()}`));
    });
  });
}
