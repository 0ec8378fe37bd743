// @ts-check
// Third-party servers to compare with, if they are installed.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stop, track } from './children.mjs';
import { found, missingProgram, programVersion } from './programs.mjs';

/**
 * @typedef {import('./targets.mjs').Target} Target
 * @typedef {{ program: string, args: readonly string[] }} Command
 *
 * @typedef {object} Broker
 * @property {string} wire
 * @property {boolean} acknowledges
 * @property {readonly string[]} versionArgs
 * @property {(port: number) => readonly string[]} config lines of its configuration file
 * @property {(file: string) => readonly string[]} args
 */

const HOST = '127.0.0.1';
const START_MS = 10_000;
const POLL_MS = 20;

/**
 * mosquitto without limits and drops: it queues messages for a slow QoS 0 subscriber, as the other servers do.
 *
 * @type {Broker}
 */
const mosquitto = {
  wire: 'mqtt',
  acknowledges: true,
  versionArgs: ['-h'],
  config: (port) => [
    `listener ${port} ${HOST}`,
    'allow_anonymous true',
    'persistence false',
    'set_tcp_nodelay true',
    'max_inflight_messages 0',
    'max_queued_messages 0',
    'max_queued_bytes 0',
    'max_connections -1',
    'sys_interval 0',
    'log_type none',
  ],
  args: (file) => ['-c', file],
};

/**
 * nats-server with a larger send buffer per subscriber than the default of 64 MB, so that it does not close a slow
 * one.
 *
 * @type {Broker}
 */
const natsServer = {
  wire: 'nats',
  acknowledges: false,
  versionArgs: ['--version'],
  config: (port) => [`listen: "${HOST}:${port}"`, 'max_pending: 536870912', 'write_deadline: "30s"'],
  args: (file) => ['-c', file],
};

/**
 * redis-server without persistence, and without the limit that closes a slow subscriber.
 *
 * @type {Broker}
 */
const redisServer = {
  wire: 'redis',
  acknowledges: true,
  versionArgs: ['--version'],
  config: (port) => [
    `bind ${HOST}`,
    `port ${port}`,
    'save ""',
    'appendonly no',
    'loglevel warning',
    'client-output-buffer-limit pubsub 0 0 0',
  ],
  args: (file) => [file],
};

/** Programs that are started with a configuration file, by name. @type {ReadonlyMap<string, Broker>} */
export const brokers = new Map([
  ['mosquitto', mosquitto],
  ['nats-server', natsServer],
  ['redis-server', redisServer],
]);

/** Names of the targets that CLASP_PEER_CMD starts; none if it is not set. */
export const claspPeers = process.env.CLASP_PEER_CMD === undefined ? [] : ['clasp-peer'];

/**
 * Another CLASP router, started by any command, in which `{port}` is replaced by the port to listen on.
 *
 * @param {string} name
 * @param {string} command
 * @returns {Target}
 */
export function claspPeer(name, command) {
  const [program = '', ...args] = command.trim().split(/\s+/);
  return {
    name,
    wire: 'clasp',
    isEndpoint: false,
    isGuest: true,
    acknowledges: true,
    missing: () =>
      !command.includes('{port}')
        ? 'CLASP_PEER_CMD should say {port} where its command takes the port'
        : found(program) === undefined
          ? `${program}, which CLASP_PEER_CMD names, is not installed`
          : undefined,
    version: () => `started by ${command}`,
    start: async () => {
      const port = await freePort();
      const child = await started(name, port, {
        program: found(program) ?? program,
        args: args.map((arg) => arg.replaceAll('{port}', String(port))),
      });
      return { address: { host: HOST, port }, pid: child.pid, call: undefined, stop: () => stop(child) };
    },
  };
}

/**
 * @param {string} name of the target
 * @param {Broker} broker
 * @param {string} program its name or path
 * @returns {Target}
 */
export function brokerTarget(name, { wire, acknowledges, versionArgs, config, args }, program) {
  return {
    name,
    wire,
    isEndpoint: false,
    isGuest: true,
    acknowledges,
    missing: () => missingProgram(program),
    version: () => programVersion(program, versionArgs),
    start: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'clasp-bench-'));
      const file = join(folder, 'broker.conf');
      const port = await freePort();
      const forget = () => rmSync(folder, { recursive: true, force: true });
      writeFileSync(file, `${config(port).join('\n')}\n`);
      try {
        const child = await started(name, port, { program: found(program) ?? program, args: args(file) });
        return {
          address: { host: HOST, port },
          pid: child.pid,
          call: undefined,
          async stop() {
            await stop(child);
            forget();
          },
        };
      } catch (error) {
        forget();
        throw error;
      }
    },
  };
}

/**
 * Returns a port that was free a moment ago, because these programs do not report a port of the system's choice.
 * @returns {Promise<number>}
 */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, HOST, () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address()); // it listens on TCP
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts a program and waits until it accepts connections.
 *
 * @param {string} name
 * @param {number} port
 * @param {Command} command
 */
async function started(name, port, { program, args }) {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  track(child);
  let stderr = '';
  let ended = /** @type {string | undefined} */ (undefined);
  child.stderr.on('data', (chunk) => (stderr = (stderr + chunk).slice(-500)));
  child.on('error', (error) => (ended = error.message));
  child.on('exit', (code, signal) => (ended ??= `${signal ?? code}: ${stderr.trim()}`));
  const deadline = performance.now() + START_MS;
  while (!(await takesConnections(port))) {
    if (ended !== undefined) throw new Error(`${name} ended at once (${ended})`);
    if (performance.now() > deadline) {
      await stop(child);
      throw new Error(`${name} took no connection on port ${port} within ${START_MS} ms`);
    }
    await sleep(POLL_MS);
  }
  return child;
}

/** @param {number} port @returns {Promise<boolean>} */
function takesConnections(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: HOST, port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
