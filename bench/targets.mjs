// @ts-check
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { stop, track } from './children.mjs';
import { Worker } from './worker.mjs';

/**
 * @typedef {object} RunningServer
 * @property {{ host: string, port: number }} address
 * @property {number | undefined} pid whose processor time is the server's
 * @property {((name: 'reset' | 'status') => Promise<any>) | undefined} call only of servers that do the counting themselves
 * @property {() => Promise<void>} stop
 *
 * @typedef {object} Target something that can be measured
 * @property {string} name
 * @property {string} wire the module in wire/ that speaks its language
 * @property {boolean} isEndpoint it forwards nothing: it counts what it gets, and sends it back when latency is measured
 * @property {() => string | undefined} missing why it can't run here; undefined if it can
 * @property {(kind: 'throughput' | 'latency') => Promise<RunningServer>} start on 127.0.0.1, on a port the system picks
 */

const HOST = '127.0.0.1';
const START_MS = 10_000;
const LISTENING = /listening on (?:\w+:\/\/)?(\S+):(\d+)/;
const cli = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/**
 * All that can be measured, by name. A broker from elsewhere (mosquitto, nats-server, aedes, socket.io) is one entry here
 * (`serverCommand` starts a program, `ownPeer` a script in peers/), a module in wire/ with the exports of clasp.mjs that
 * speaks its protocol, and its name in the `targets` of the cases it can take part in.
 *
 * @type {Map<string, Target>}
 */
export const targets = new Map(
  [
    {
      ...serverCommand('clasp-router', [
        ...[process.execPath, cli, '--port', '0', '--host', HOST, '--log-level', 'error'],
        ...['--max-sessions', '0'], // 1,000 subscribers and their publisher are one too many
      ]),
      missing: () => (existsSync(cli) ? undefined : 'dist/cli/main.js is not there: run npm run build'),
    },
    ownPeer('naive-ws', { isEndpoint: false }),
    ownPeer('bare-ws', { isEndpoint: true }),
    ownPeer('sink', { isEndpoint: true, file: 'sink-server' }),
  ].map((target) => [target.name, target]),
);

/**
 * A CLASP server started by a command that prints `listening on HOST:PORT`.
 *
 * @param {string} name
 * @param {readonly string[]} command program and arguments
 * @returns {Target}
 */
export function serverCommand(name, [program, ...args]) {
  return {
    name,
    wire: 'clasp',
    isEndpoint: false,
    missing: () => undefined,
    start: async () => {
      const child = spawn(program, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NODE_ENV: 'production' },
      });
      track(child);
      try {
        return { address: await listening(name, child), pid: child.pid, call: undefined, stop: () => stop(child) };
      } catch (error) {
        await stop(child);
        throw error;
      }
    },
  };
}

/**
 * A script in peers/ that answers `listen`.
 *
 * @param {string} name
 * @param {{ isEndpoint: boolean, file?: string }} options
 * @returns {Target}
 */
function ownPeer(name, { isEndpoint, file = name }) {
  return {
    name,
    wire: 'clasp',
    isEndpoint,
    missing: () => undefined,
    start: async (kind) => {
      const worker = new Worker(`./peers/${file}.mjs`, kind === 'latency' ? ['echo'] : []);
      const { port } = await worker.call('listen');
      return {
        address: { host: HOST, port },
        pid: worker.pid,
        call: isEndpoint ? (call) => worker.call(call) : undefined,
        stop: () => worker.stop(),
      };
    },
  };
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
    // Both pipes stay read to the end, or a talkative server would block on them.
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
