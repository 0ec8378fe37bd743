import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { connect } from '../../src/client/node.js';
import { encodeFrame } from '../../src/protocol/frame.js';
import { newCertificate, type TestCertificate } from '../support/certificates.js';
import { until } from '../support/official-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

// The built command, as installed: `npm test` builds before it runs the tests.
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
const folders: string[] = [];

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'clasp-'));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

const local = ['--host', '127.0.0.1', '--port', '0'];

describe('clasp-router', () => {
  it('prints its addresses, its security mode, and the next steps', async () => {
    const command = new Command([...local, '--name', 'Stage']);
    const port = await command.port();
    await until(() => command.output.includes('try:'));
    expect(command.output).toMatch(/^Stage \(clasp-router \d+\.\d+\.\d+\)\n/);
    expect(command.output).toContain(`ws://127.0.0.1:${port}`);
    expect(command.output).toContain('security: open');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('closes its sessions with 1001 on %s, and exits with 0', async (signal) => {
    const command = new Command(local);
    const client = await WebSocketClient.connect(`ws://127.0.0.1:${await command.port()}`);
    client.socket.send(encodeFrame({ type: 'hello', version: 1, name: 'guest', features: [] }));
    await until(() => client.frames.length === 2);
    command.process.kill(signal);
    expect((await client.ended).code).toBe(1001);
    expect(await command.exitCode()).toBe(0);
    expect(command.errors).toContain('session opened');
    expect(command.errors).toContain('guest');
  });

  it('exits at once on a second signal', async () => {
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

  it('writes its log as JSON lines if requested', async () => {
    const command = new Command([...local, '--json-log']);
    await command.port();
    expect(command.output).toBe('');
    for (const line of command.errors.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg');
  });

  it('reads its settings from the environment, too', async () => {
    const command = new Command([], { CLASP_HOST: '127.0.0.1', CLASP_PORT: '0', CLASP_NAME: 'From outside' });
    await command.port();
    await until(() => command.output.includes('From outside'));
  });

  it('starts in Kubernetes beside a service named clasp, and names the variable that it ignores', async () => {
    const links = {
      CLASP_PORT: 'tcp://10.96.0.7:7330',
      CLASP_TCP_PORT: 'tcp://10.96.0.7:7333',
      CLASP_SERVICE_HOST: '10.96.0.7',
    };
    const command = new Command(local, links);
    await command.port();
    await until(() => command.errors.includes('CLASP_TCP_PORT="tcp://10.96.0.7:7333" is ignored'), 'the warning');
    await until(() => command.output.includes('try:'));
    expect(command.output).not.toContain('(tcp)');
  });

  it.each([
    [['--prot', '1'], 'clasp-router: unknown option --prot (did you mean --port?); see clasp-router --help\n'],
    [['--port', 'x'], 'clasp-router: --port must be a whole number from 0 to 65535, not "x"\n'],
  ])('rejects %j with one sentence and exit code 1', async (args, sentence) => {
    const command = new Command(args);
    expect(await command.exitCode()).toBe(1);
    expect(command.errors).toBe(sentence);
  });

  it('reports a port in use with one sentence and exit code 1', async () => {
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

  it('opens every configured listener, and shows the fingerprint of its certificate', async () => {
    const folder = temporaryFolder();
    const path = process.platform === 'win32' ? '\\\\.\\pipe\\clasp-command' : join(folder, 'clasp.sock');
    const doors = ['--tcp-port', '0', '--udp-port', '0', '--quic-port', '0', '--pipe', path];
    const command = new Command([...local, ...doors, '--tls', '--data-dir', folder]);
    await until(() => command.output.includes('security:'));
    const urls = command.output.split('\n').flatMap((line) => /^ {2}(\S+)$/.exec(line)?.[1] ?? []);
    // If QUIC is not available, the log says so, and the other listeners open.
    expect(urls.map((url) => url.split(':')[0])).toEqual(
      command.errors.includes('QUIC') ? ['wss', 'tls', 'udp'] : ['wss', 'tls', 'udp', 'quic'],
    );
    const [, printed] = /certificate \(self-signed\): SHA-256 (\S+)/.exec(command.output)!;
    const ca = readFileSync(join(folder, 'self-signed-certificate.pem'), 'utf8');
    expect(printed).toBe(new X509Certificate(ca).fingerprint256);
    for (const url of [...urls, `unix:${path}`]) {
      const client = await connect(url, { ca, servername: 'localhost', reconnect: false });
      expect(await client.set(`/${url.split(':')[0]!}`, 1)).toEqual({ revision: 1 });
      await client.close();
    }
    command.process.kill('SIGTERM');
    expect(await command.exitCode()).toBe(0);
  });

  it('uses a renewed certificate on SIGHUP, without closing a session', async () => {
    const folder = temporaryFolder();
    const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const write = ({ cert, key }: TestCertificate): void => {
      writeFileSync(certPath, cert);
      writeFileSync(keyPath, key);
    };
    const [old, fresh] = [await newCertificate(), await newCertificate()];
    write(old);
    const command = new Command([...local, '--cert', certPath, '--key', keyPath]);
    const url = `wss://127.0.0.1:${await command.port()}`;
    const before = await connect(url, { ca: old.ca, servername: 'localhost', reconnect: false });
    write(fresh);
    command.process.kill('SIGHUP');
    await until(() => command.errors.includes('certificate'));
    const after = await connect(url, { ca: fresh.ca, servername: 'localhost', reconnect: false });
    await expect(connect(url, { ca: old.ca, servername: 'localhost', reconnect: false })).rejects.toThrow(
      'cannot connect',
    );
    expect(await before.set('/still', 'here')).toEqual({ revision: 1 });
    await Promise.all([before.close(), after.close()]);
  });

  it.each([
    [['--cert', 'nowhere.pem', '--key', 'nowhere.pem'], /^clasp-router: .*nowhere\.pem.*\n$/],
    [['--cert', 'package.json', '--key', 'package.json'], /^clasp-router: .*package\.json.*PEM.*\n$/],
    [['--key', 'package.json'], /^clasp-router: a private key needs its certificate; set --cert\n$/],
    [['--no-websocket'], /^clasp-router: with --no-websocket the router needs another port, or a --pipe\n$/],
    [['--tcp-port', 'TAKEN'], /^clasp-router: port \d+ is already in use; .* with --tcp-port\n$/],
    [['--udp-port', 'TAKEN'], /^clasp-router: port \d+ is already in use; .* with --udp-port\n$/],
  ])('reports a listener that cannot open with one sentence and exit code 1: %j', async (args, sentence) => {
    const [tcp, udp] = [createServer().listen(0, '127.0.0.1'), createSocket('udp4').bind(0, '127.0.0.1')];
    await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
    const taken = args[0] === '--udp-port' ? udp.address() : (tcp.address() as AddressInfo); // it listens on a port
    const command = new Command([
      ...local,
      '--log-level',
      'silent',
      ...args.map((one) => one.replace('TAKEN', `${taken.port}`)),
    ]);
    expect(await command.exitCode()).toBe(1);
    expect(command.errors).toMatch(sentence);
    tcp.close();
    udp.close();
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
  it('shows the program of examples/hello.mjs, and its output', async () => {
    const readme = readFileSync(`${root}README.md`, 'utf8');
    const program = readFileSync(`${root}examples/hello.mjs`, 'utf8').split('\n').slice(1).join('\n');
    expect(readme).toContain(program);
    const router = new Command([...local, '--log-level', 'silent']);
    const example = new Command([], { CLASP_URL: `ws://127.0.0.1:${await router.port()}` }, 'examples/hello.mjs');
    expect(await example.exitCode()).toBe(0);
    expect(example.output).toContain('/lights/3/dim is now 0.75\n');
    expect(readme).toContain('\n/lights/3/dim is now 0.75\n');
  });

  it('is followed by the program of examples/client.mjs, which runs to its end', async () => {
    const router = new Command([...local, '--log-level', 'silent']);
    const example = new Command([], { CLASP_URL: `ws://127.0.0.1:${await router.port()}` }, 'examples/client.mjs');
    expect(await example.exitCode()).toBe(0);
    expect(example.output).toContain('/lights/3/dim is now 0.75\n');
    expect(example.output).toMatch(/refused: Revision conflict: .* \(400\)\n/);
    expect(example.output).toContain('/lights/3/dim is now 0.25\n');
  });
});

describe('the probes of the command', () => {
  const get = async (url: string): Promise<{ status: number; body: string }> => {
    const response = await fetch(url);
    return { status: response.status, body: await response.text() };
  };

  it('serve health on the WebSocket port, and metrics only if enabled', async () => {
    const [plain, measured] = [
      ['--port', '0'],
      ['--port', '0', '--metrics'],
    ].map((args) => new Command([...args, '--host', '127.0.0.1']));
    const url = `http://127.0.0.1:${await plain!.port()}`;
    expect(await get(`${url}/healthz`)).toEqual({ status: 200, body: 'ok' });
    expect(await get(`${url}/readyz`)).toEqual({ status: 200, body: 'ready' });
    expect(await get(`${url}/metrics`)).toEqual({ status: 404, body: 'not found\n' });

    const port = await measured!.port();
    const client = await WebSocketClient.connect(`ws://127.0.0.1:${port}`);
    client.socket.send(encodeFrame({ type: 'hello', version: 1, name: 'probe', features: [] }));
    client.socket.send(encodeFrame({ type: 'get', address: '/nothing' }));
    await until(() => client.frames.length >= 3, 'WELCOME, SNAPSHOT and ERROR');
    const { body } = await get(`http://127.0.0.1:${port}/metrics`);
    for (const line of [
      'clasp_sessions_active 1',
      'clasp_messages_total{type="get"} 1',
      'clasp_errors_total{code="201"} 1',
    ]) {
      expect(body).toContain(line);
    }
    client.socket.close();
  });

  it('have a separate port, which listens only locally by default', async () => {
    const command = new Command(['--port', '0', '--host', '127.0.0.1', '--health-port', '0']);
    const found = (): string | undefined => /health and metrics on (http:\S+)/.exec(command.errors)?.[1];
    await until(() => found() !== undefined, 'the health port is open');
    expect(found()).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect((await get(`${found()!}/readyz`)).body).toBe('ready');
    expect((await get(`${found()!}/metrics`)).body).toContain('clasp_sessions_active 0');
    expect((await get(`${found()!}/`)).status).toBe(404);
  });

  it('fail with one sentence if their port is in use', async () => {
    const first = new Command(['--port', '0', '--host', '127.0.0.1']);
    const port = await first.port();
    const second = new Command(['--port', '0', '--host', '127.0.0.1', '--health-port', String(port)]);
    expect(await second.exitCode()).toBe(1);
    expect(second.errors).toMatch(/port \d+ .*--health-port/);
    expect(second.errors).not.toMatch(/ at .*:\d+:\d+/);
  });
});
