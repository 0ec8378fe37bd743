// @ts-check
// Third-party servers to compare with, if they are installed.
import { execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stop, track } from './children.mjs';

/**
 * @typedef {import('./targets.mjs').Target} Target
 * @typedef {{ program: string, args: readonly string[] }} Command
 */

const HOST = '127.0.0.1';
const START_MS = 10_000;
const POLL_MS = 20;
/** Debian installs brokers in folders that are not in an ordinary user's PATH. */
const FURTHER_PLACES = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'];

/**
 * mosquitto without limits and drops: it queues messages for a slow QoS 0 subscriber, as the other servers do.
 *
 * @type {Target}
 */
export const mosquitto = broker({
  name: 'mosquitto',
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
});

/**
 * nats-server with a larger send buffer per subscriber than the default of 64 MB, so that it does not close a slow
 * one.
 *
 * @type {Target}
 */
export const natsServer = broker({
  name: 'nats-server',
  wire: 'nats',
  acknowledges: false,
  versionArgs: ['--version'],
  config: (port) => [`listen: "${HOST}:${port}"`, 'max_pending: 536870912', 'write_deadline: "30s"'],
  args: (file) => ['-c', file],
});

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
 * @param {{ name: string, wire: string, acknowledges: boolean, versionArgs: readonly string[], config: (port: number) => readonly string[], args: (file: string) => readonly string[] }} options
 * @returns {Target}
 */
function broker({ name, wire, acknowledges, versionArgs, config, args }) {
  return {
    name,
    wire,
    isEndpoint: false,
    isGuest: true,
    acknowledges,
    missing: () => (found(name) === undefined ? `${name} is not installed` : undefined),
    version: () => versionOf(name, versionArgs),
    start: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'clasp-bench-'));
      const file = join(folder, `${name}.conf`);
      const port = await freePort();
      const forget = () => rmSync(folder, { recursive: true, force: true });
      writeFileSync(file, `${config(port).join('\n')}\n`);
      try {
        const child = await started(name, port, { program: found(name) ?? name, args: args(file) });
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

/** @param {string} program @returns {string | undefined} where it is */
function found(program) {
  const isPath = program.includes('/') || program.includes('\\');
  const places = isPath ? [''] : [...(process.env.PATH ?? '').split(delimiter), ...FURTHER_PLACES];
  return places.map((place) => join(place, program)).find(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function versionOf(program, args) {
  try {
    const output = execFileSync(found(program) ?? program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /\d+\.\d+\.\d+/.exec(output)?.[0];
  } catch (error) {
    // mosquitto prints its version, and exits with 3.
    const output = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    return /\d+\.\d+\.\d+/.exec(output)?.[0];
  }
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
