import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeFrame } from '../../src/protocol/frame.js';
import { until } from '../support/official-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

// The built command, as a user has it: `npm test` builds before it runs the tests.
const root = fileURLToPath(new URL('../../', import.meta.url));

class Command {
  readonly process: ChildProcess;
  output = '';
  errors = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}, file = 'dist/cli/main.js') {
    this.process = spawn(process.execPath, [root + file, ...args], {
      cwd: root,
      env: { ...process.env, ...environment },
    });
    this.process.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.process.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    running.push(this.process);
  }

  async port(): Promise<number> {
    const found = (): string | undefined => /listening on 127\.0\.0\.1:(\d+)/.exec(this.output + this.errors)?.[1];
    await until(() => found() !== undefined, 'the router listens');
    return Number(found());
  }

  async exitCode(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    return this.process.exitCode;
  }
}

const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

const local = ['--host', '127.0.0.1', '--port', '0'];

describe('clasp-router', () => {
  it('says where it listens, in what security mode, and what to try next', async () => {
    const command = new Command([...local, '--name', 'Stage']);
    const port = await command.port();
    await until(() => command.output.includes('try:'));
    expect(command.output).toMatch(/^Stage \(clasp-router \d+\.\d+\.\d+\)\n/);
    expect(command.output).toContain(`ws://127.0.0.1:${port}`);
    expect(command.output).toContain('security: open');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'on %s takes leave of its sessions with 1001 and exits with 0',
    async (signal) => {
      const command = new Command(local);
      const client = await WebSocketClient.connect(`ws://127.0.0.1:${await command.port()}`);
      client.socket.send(encodeFrame({ type: 'hello', version: 1, name: 'guest', features: [] }));
      await until(() => client.frames.length === 2);
      command.process.kill(signal);
      expect((await client.ended).code).toBe(1001);
      expect(await command.exitCode()).toBe(0);
      expect(command.errors).toContain('session opened');
      expect(command.errors).toContain('guest');
    },
  );

  it('on a second signal ends at once', async () => {
    const command = new Command([...local, '--drain-timeout', '600']);
    const client = await WebSocketClient.connect(`ws://127.0.0.1:${await command.port()}`);
    client.socket.send(encodeFrame({ type: 'hello', version: 1, name: 'frozen', features: [] }));
    await until(() => client.frames.length === 2);
    client.socket.pause(); // never answers the close
    command.process.kill('SIGTERM');
    await until(() => command.errors.includes('stopping'));
    command.process.kill('SIGTERM');
    expect(await command.exitCode()).toBe(1);
    client.socket.terminate();
  });

  it('writes its log as JSON lines when asked to', async () => {
    const command = new Command([...local, '--json-log']);
    await command.port();
    expect(command.output).toBe('');
    for (const line of command.errors.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
  });

  it('takes its settings from the environment too', async () => {
    const command = new Command([], { CLASP_HOST: '127.0.0.1', CLASP_PORT: '0', CLASP_NAME: 'From outside' });
    await command.port();
    await until(() => command.output.includes('From outside'));
  });

  it.each([
    [['--prot', '1'], 'clasp-router: unknown option --prot (did you mean --port?); see clasp-router --help\n'],
    [['--port', 'x'], 'clasp-router: --port must be a whole number from 0 to 65535, not "x"\n'],
  ])('answers the mistake %j with one sentence and exit code 1', async (args, sentence) => {
    const command = new Command(args);
    expect(await command.exitCode()).toBe(1);
    expect(command.errors).toBe(sentence);
  });

  it('answers a port in use with one sentence and exit code 1', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await once(squatter, 'listening');
    const address = squatter.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const command = new Command(['--host', '127.0.0.1', '--port', String(port), '--log-level', 'silent']);
    expect(await command.exitCode()).toBe(1);
    expect(command.errors).toMatch(new RegExp(`^clasp-router: .*${port}.*in use.*\\n$`));
    expect(command.errors.split('\n')).toHaveLength(2);
    squatter.close();
  });

  it('has --help and --version', async () => {
    const help = new Command(['--help']);
    expect(await help.exitCode()).toBe(0);
    expect(help.output).toContain('--max-sessions');
    const version = new Command(['--version']);
    expect(await version.exitCode()).toBe(0);
    expect(version.output).toBe(
      `${(JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string }).version}\n`,
    );
  });
});

describe('the README', () => {
  it('shows the program of examples/hello.mjs, and the program prints what it says', async () => {
    const readme = readFileSync(`${root}README.md`, 'utf8');
    const program = readFileSync(`${root}examples/hello.mjs`, 'utf8').split('\n').slice(1).join('\n');
    expect(readme).toContain(program);
    const router = new Command([...local, '--log-level', 'silent']);
    const example = new Command([], { CLASP_URL: `ws://127.0.0.1:${await router.port()}` }, 'examples/hello.mjs');
    expect(await example.exitCode()).toBe(0);
    expect(example.output).toContain('/lights/3/dim is now 0.75\n');
    expect(readme).toContain('\n/lights/3/dim is now 0.75\n');
  });
});
