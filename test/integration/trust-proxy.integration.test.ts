import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/official-client.js';
import { maskedMessage, RawSocket, upgradeRequest } from '../support/raw-socket.js';

// The built command, as a user has it: `npm test` builds before it runs the tests.
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const running: ChildProcess[] = [];
const sockets: RawSocket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

class Command {
  readonly process: ChildProcess;
  errors = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const env = { ...process.env, ...environment };
    this.process = spawn(process.execPath, [main, '--host', '127.0.0.1', '--port', '0', '--json-log', ...args], {
      env,
    });
    this.process.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    running.push(this.process);
  }

  async port(): Promise<number> {
    const found = (): string | undefined => /listening on 127\.0\.0\.1:(\d+)/.exec(this.errors)?.[1];
    await until(() => found() !== undefined || this.process.exitCode !== null, 'the router listens');
    return Number(found());
  }

  /** The first log line with a text. */
  async line(text: string): Promise<unknown> {
    const found = (): string | undefined => this.errors.split('\n').find((line) => line.includes(text));
    await until(() => found() !== undefined, text);
    return JSON.parse(found()!);
  }
}

/** Connects as a proxy on this computer does, for a client. */
async function connectAsProxy(port: number, headers: Readonly<Record<string, string>>): Promise<void> {
  const socket = await RawSocket.connect(port);
  sockets.push(socket);
  socket.write(upgradeRequest(headers));
  await socket.receive((bytes) => bytes.includes('\r\n\r\n'));
  const hello = { type: 'hello', version: 1, name: 'tablet', features: [] };
  socket.write(maskedMessage(Buffer.from(JSON.stringify(hello)), 0x81));
}

const viaProxy = { 'X-Forwarded-For': '198.51.100.1, 203.0.113.7, 10.1.2.3' };

describe('clasp-router --trust-proxy', () => {
  it.each([
    ['as a flag', ['--trust-proxy', '127.0.0.1,10.0.0.0/8'], {}],
    ['in the environment', [], { CLASP_TRUST_PROXY: '127.0.0.1, 10.0.0.0/8' }],
  ])('logs the rightmost address that is not in its list: %s', async (_, args, environment) => {
    const command = new Command(args, environment);
    await connectAsProxy(await command.port(), viaProxy);
    expect(await command.line('session opened')).toMatchObject({ name: 'tablet', remoteAddress: '203.0.113.7:0' });
  });

  it('logs the peer, not the proxy, if a connection is refused', async () => {
    const command = new Command(['--trust-proxy', '127.0.0.1']);
    const port = await command.port();
    await connectAsProxy(port, { 'X-Forwarded-For': '203.0.113.7', Origin: 'http://evil.example' });
    expect(await command.line('not let in')).toMatchObject({ remoteAddress: '203.0.113.7:0' });
  });

  it('is needed: without it the log has the address of the proxy', async () => {
    const command = new Command([]);
    await connectAsProxy(await command.port(), viaProxy);
    const line = await command.line('session opened');
    expect(line).toMatchObject({ remoteAddress: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
  });

  it.each(['proxy.example', '10.0.0.0/33', '127.0.0.1:80', '*'])(
    'with the wrong value %s ends with one sentence and exit code 1',
    async (value) => {
      const command = new Command(['--trust-proxy', `127.0.0.1,${value}`]);
      const [code] = (await once(command.process, 'exit')) as [number | null];
      expect(code).toBe(1);
      expect(command.errors).toBe(
        `clasp-router: "${value}" is no address or network of a trusted proxy; write it as 192.168.1.2, 10.0.0.0/8 or fd00::/8\n`,
      );
    },
  );

  it('without a port for HTTP ends with one sentence and exit code 1', async () => {
    const command = new Command(['--no-websocket', '--tcp-port', '0', '--trust-proxy', '127.0.0.1']);
    const [code] = (await once(command.process, 'exit')) as [number | null];
    expect(code).toBe(1);
    expect(command.errors).toBe('clasp-router: --trust-proxy needs the WebSocket port; leave out --no-websocket\n');
  });
});
