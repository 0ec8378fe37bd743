import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '../../src/client/node.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';
import { until } from '../support/official-client.js';
import { TcpClient } from '../support/tcp-client.js';

// The built command, as installed: `npm test` builds before it runs the tests.
const root = fileURLToPath(new URL('../../', import.meta.url));
const main = `${root}dist/cli/main.js`;

// FIFOs and signals exist only on POSIX, `/dev/full` and this form of `script` only on Linux. Elsewhere these tests
// are skipped.
const onPosix = process.platform === 'win32' ? it.skip : it;
const onLinux = process.platform === 'linux' ? it : it.skip;
const withTerminal = process.platform === 'linux' && existsSync('/usr/bin/script') ? it : it.skip;

let folder: TemporaryFolder;
const running: ChildProcess[] = [];
const openFiles: number[] = [];

beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  for (const fd of openFiles.splice(0)) closeSync(fd);
  folder.remove();
});

/** A full FIFO, without a reader until the test reads. */
class StuckPipe {
  readonly path = folder.at('stuck');
  readonly #reader: number;
  #text = '';

  constructor() {
    spawnSync('mkfifo', [this.path]);
    this.#reader = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(this.path, constants.O_WRONLY | constants.O_NONBLOCK);
    openFiles.push(this.#reader);
    try {
      for (;;) writeSync(writer, '\n'.repeat(4_096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error; // errors of fs have a code
    }
    closeSync(writer);
  }

  /** Reads what is available. @returns everything that was read so far */
  read(): string {
    const chunk = Buffer.alloc(65_536);
    try {
      for (let length = -1; length !== 0;) {
        length = readSync(this.#reader, chunk);
        this.#text += chunk.toString('latin1', 0, length);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error; // as above
    }
    return this.#text;
  }
}

interface Router {
  readonly process: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  /** URL of its Unix socket. */
  readonly url: string;
}

/** Starts a router with a shell line in which `$ROUTER` is the command; resolves when its socket exists. */
async function startRouter(line: string, environment: Readonly<Record<string, string>> = {}): Promise<Router> {
  const path = folder.at('clasp.sock');
  const ROUTER = `${process.execPath} ${main} --host 127.0.0.1 --port 0 --json-log --pipe ${path}`;
  const child = spawn('sh', ['-c', line.replace('$ROUTER', ROUTER)], { env: { ...process.env, ...environment } });
  running.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  await listening(path);
  return { process: child, output, url: `unix:${path}` };
}

/** Resolves when a router accepts connections at the path. */
async function listening(path: string): Promise<void> {
  let accepts = false;
  const attempt = (): void => {
    const socket = connectSocket({ path }, () => {
      accepts = true;
      socket.destroy();
    });
    socket.on('error', () => setTimeout(attempt, 5));
  };
  attempt();
  await until(() => accepts, 'the router listens');
}

async function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}

/** Opens and closes sessions, fifty at a time: HELLO, WELCOME, close. */
async function visit(url: string, count: number, name = 'x'.repeat(100)): Promise<void> {
  for (let begun = 0; begun < count; begun += 50) {
    await Promise.all(
      Array.from({ length: Math.min(50, count - begun) }, async () => {
        const client = await TcpClient.connect(url);
        client.send(encodeFrame({ type: 'hello', version: 1, name, features: [] }));
        await client.receive(1);
        client.socket.destroy();
      }),
    );
  }
}

async function expectRoutes(url: string): Promise<void> {
  const client = await connect(url, { reconnect: false });
  expect(await client.set('/still/here', 1)).toEqual({ revision: 1 });
  await client.close();
}

describe('a router whose log is not read', () => {
  onPosix('accepts 2,500 sessions and routes; the log has or counts each of them when it is read again', async () => {
    const log = new StuckPipe();
    const { process: router, url } = await startRouter(`exec $ROUTER 2>${log.path}`);
    await visit(url, 300);
    await expectRoutes(url);
    await visit(url, 2_200);
    await until(() => log.read().includes('more sessions opened'), 'the numbers of further sessions');
    await visit(url, 1, 'afterwards');
    router.kill('SIGTERM');
    expect(await exitOf(router)).toBe(0);
    const lines = log
      .read()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { readonly msg: string; readonly opened?: number; readonly ended?: number });
    const linesOf = (msg: string): number => lines.filter((line) => line.msg === msg).length;
    const sum = (key: 'opened' | 'ended'): number => lines.reduce((total, line) => total + (line[key] ?? 0), 0);
    const sessions = 300 + 1 + 2_200 + 1;
    expect(linesOf('session opened') + sum('opened')).toBe(sessions);
    // `listening` has opened one more, which has sent no HELLO.
    expect(linesOf('session ended') + sum('ended')).toBe(sessions + 1);
    expect(linesOf('session opened')).toBeLessThan(sessions);
  });

  onPosix('stops with exit code 0 although the log is stuck', async () => {
    const log = new StuckPipe();
    const { process: router, url } = await startRouter(`exec $ROUTER 2>${log.path}`);
    await expectRoutes(url);
    router.kill('SIGTERM');
    expect(await exitOf(router)).toBe(0);
  });

  withTerminal('routes on a terminal that shows nothing any more, and can be stopped', async () => {
    const screen = new StuckPipe();
    const pidFile = folder.at('pid');
    // `script` copies its terminal to the stuck pipe, and stops reading the terminal.
    const line = `exec script -qefc 'echo $$ >${pidFile}; exec $ROUTER' /dev/null >${screen.path} </dev/null`;
    const { process: terminal, url } = await startRouter(line);
    await visit(url, 300);
    await expectRoutes(url);
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGTERM');
    await until(() => !existsSync(folder.at('clasp.sock')), 'the router has closed its listeners');
    await until(() => {
      screen.read();
      return terminal.exitCode !== null;
    }, 'the terminal has closed');
  });

  onLinux('routes although the disk of its log is full', async () => {
    const { process: router, url } = await startRouter('exec $ROUTER >/dev/full 2>&1');
    await visit(url, 10);
    await expectRoutes(url);
    router.kill('SIGTERM');
    expect(await exitOf(router)).toBe(0);
  });
});

describe('a router whose output has lost its reader', () => {
  onPosix.each([
    ['its standard output', ''],
    ['both of its outputs', '2>&1'],
  ])('starts and routes without %s', async (_outputs, redirection) => {
    const path = folder.at('clasp.sock');
    const args = ['--host', '127.0.0.1', '--port', '0', '--pipe', path];
    const child = spawn('sh', ['-c', `exec "$0" "$@" ${redirection}`, process.execPath, main, ...args]);
    running.push(child);
    child.stdout.destroy(); // before the banner is printed
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    await listening(path);
    await expectRoutes(`unix:${path}`);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
    expect(errors).not.toContain('EPIPE');
    if (redirection === '') expect(errors).toContain('session opened');
  });
});

describe('SIGHUP', () => {
  onPosix('does not end a router without --tls', async () => {
    const { process: router, output, url } = await startRouter('exec $ROUTER');
    router.kill('SIGHUP');
    await until(() => output.stderr.includes('nothing to reload'), 'the line about it');
    await expectRoutes(url);
    router.kill('SIGTERM');
    expect(await exitOf(router)).toBe(0);
  });
});

describe('a command whose output has lost its reader', () => {
  it.each([[['--help']], [['--version']], [['token', '--help']], [['decode', '41']], [['get', '--help']]])(
    'exits without an error message and with exit code 0: %j',
    async (args) => {
      const child = spawn(process.execPath, [main, ...args]);
      running.push(child);
      let errors = '';
      child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
      child.stdout.destroy();
      await once(child, 'close');
      expect([child.exitCode, errors]).toEqual([0, '']);
    },
  );

  onLinux('ends with one sentence and exit code 1 if the disk is full', async () => {
    const child = spawn('sh', ['-c', 'exec "$0" "$@" >/dev/full', process.execPath, main, 'decode', '41']);
    running.push(child);
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    await once(child, 'close');
    expect([child.exitCode, errors]).toEqual([
      1,
      expect.stringMatching(/^clasp-router: cannot write the output: .*\n$/),
    ]);
  });
});
