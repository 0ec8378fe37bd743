// @ts-check
// Plain JavaScript, because scripts run it without a compiler.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stop, track } from '../../bench/children.mjs';

const START_MS = 20_000;
const KEPT_LINES = 20;
/** The built command. */
export const builtCli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * Starts the built command with WebSocket, TCP and UDP listeners, each on a free port of 127.0.0.1. It ends with this
 * process.
 *
 * @param {readonly string[]} [args] more of its flags
 * @param {{ nodeArgs?: readonly string[], env?: Readonly<Record<string, string>>, cli?: string }} [node] flags of
 *   Node.js, variables, and the command
 * @returns {Promise<RouterProcess>}
 * @throws {Error} if the command is not built, or does not start
 */
export async function startRouterProcess(args = [], { nodeArgs = [], env = {}, cli = builtCli } = {}) {
  if (!existsSync(cli)) throw new Error(`${cli} is not there: run npm run build`);
  const ports = ['--port', '0', '--tcp-port', '0', '--udp-port', '0'];
  const command = [...nodeArgs, cli, '--host', '127.0.0.1', ...ports, '--json-log', ...args];
  const child = spawn(process.execPath, command, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production', ...env },
  });
  track(child);
  const router = new RouterProcess(child);
  await router.listening();
  return router;
}

/** The built command in its own process. */
export class RouterProcess {
  /** Ports on 127.0.0.1, by the name of the transport; 0 until the router listens. */
  doors = { websocket: 0, tcp: 0, udp: 0 };
  /** How it ended; undefined while it runs. @type {string | undefined} */
  end;
  /** The URL of its inspector page, with `--inspect`. @type {string | undefined} */
  inspector;
  /** Log lines at error level. @type {string[]} */
  errors = [];
  /** The last log lines. @type {string[]} */
  lastLines = [];
  #child;
  #notify = () => {};

  /** @param {import('node:child_process').ChildProcessByStdio<null, null, import('node:stream').Readable>} child */
  constructor(child) {
    this.#child = child;
    createInterface(child.stderr).on('line', (line) => this.#take(line));
    child.once('exit', (code, signal) => {
      this.end = String(signal ?? code);
      this.#notify();
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** Resolves when all three listeners are open. */
  async listening() {
    const deadline = performance.now() + START_MS;
    while (Object.values(this.doors).includes(0)) {
      if (this.end !== undefined)
        throw new Error(`the router ended at once (${this.end}): ${this.lastLines.join('\n')}`);
      if (performance.now() > deadline) throw new Error('the router did not say where it listens');
      await /** @type {Promise<void>} */ (
        new Promise((resolve) => {
          const timer = setTimeout(resolve, 100);
          this.#notify = () => {
            clearTimeout(timer);
            resolve();
          };
        })
      );
    }
  }

  /** Memory in use in megabytes; undefined if the system does not report it. */
  rssMegabytes() {
    try {
      const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'latin1'))?.[1];
      return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
    } catch {
      return undefined;
    }
  }

  stop() {
    return stop(this.#child);
  }

  /**
   * Sends a signal and waits for the end, without a limit.
   *
   * @param {NodeJS.Signals} signal
   */
  async endBy(signal) {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await ended;
  }

  /** @param {string} line */
  #take(line) {
    this.lastLines.push(line);
    if (this.lastLines.length > KEPT_LINES) this.lastLines.shift();
    const entry = parsed(line);
    const door = /^listening on \S+:(\d+)$/.exec(entry.msg ?? '');
    if (door !== null && isDoor(this.doors, entry.transport)) this.doors[entry.transport] = Number(door[1]);
    if (typeof entry.inspector === 'string') this.inspector = entry.inspector;
    // 50 is pino's "error"; a line that is no JSON is a stack trace.
    if ((entry.level ?? 50) >= 50 && this.errors.length < KEPT_LINES) this.errors.push(line);
    this.#notify();
  }
}

/**
 * @param {RouterProcess['doors']} doors
 * @param {unknown} name
 * @returns {name is keyof RouterProcess['doors']}
 */
function isDoor(doors, name) {
  return typeof name === 'string' && Object.hasOwn(doors, name);
}

/**
 * @param {string} line @returns {{ msg?: string, level?: number, transport?: unknown, inspector?: unknown }} pino's
 *   fields
 */
function parsed(line) {
  try {
    const entry = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? entry : {};
  } catch {
    return {};
  }
}
