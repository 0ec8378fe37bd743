import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { runTool } from '../../src/cli/tool/tool.js';
import { type Client, connect } from '../../src/client/node.js';
import { systemClock } from '../../src/util/clock.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';
import { until } from '../support/official-client.js';

// The built command, as installed: `npm test` builds before it runs the tests.
const root = fileURLToPath(new URL('../../', import.meta.url));
const main = `${root}dist/cli/main.js`;

class Command {
  readonly process: ChildProcess;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    this.process = spawn(process.execPath, [main, ...args], { cwd: root, env: { ...process.env, ...environment } });
    this.process.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.process.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    running.push(this.process);
  }

  /** Resolves when it has exited and its output is complete. */
  async done(): Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }> {
    await once(this.process, 'close');
    return { exitCode: this.process.exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}

interface Router {
  readonly command: Command;
  /** By URL scheme. */
  readonly urls: Readonly<Record<string, string>>;
}

const running: ChildProcess[] = [];
const clients: Client[] = [];
let folder: TemporaryFolder;
let router: Router;

async function startRouter(...args: readonly string[]): Promise<Router> {
  const usual = ['--host', '127.0.0.1', '--port', '0', '--log-level', 'warn', '--data-dir', folder.path];
  const command = new Command([...usual, ...args]);
  await until(() => command.stdout.includes('security:') || command.process.exitCode !== null, 'the router listens');
  const urls = [...command.stdout.matchAll(/^ {2}(\w+):\S+$/gm)].map(
    ([line, scheme]) => [scheme, line.trim()] as const,
  );
  if (urls.length === 0) throw new Error(`the router has not started: ${command.stderr}`);
  return { command, urls: Object.fromEntries(urls) as Record<string, string> };
}

/** Runs the tool to its end, by default with the router of this file. */
function tool(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ReturnType<Command['done']> {
  return new Command(args, { CLASP_URL: router.urls.ws!, ...environment }).done();
}

async function client(): Promise<Client> {
  const one = await connect(router.urls.ws!, { reconnect: false });
  clients.push(one);
  return one;
}

beforeAll(async () => {
  folder = new TemporaryFolder();
  router = await startRouter();
});
afterEach(async () => {
  for (const one of clients.splice(0)) await one.close();
});
afterAll(() => {
  for (const child of running) if (child.exitCode === null) child.kill('SIGKILL');
  folder.remove();
});

describe('clasp-router set, get, emit and query', () => {
  it('write and read a param', async () => {
    expect(await tool(['set', '/tool/map', '{"x":1,"y":1.0}'])).toEqual({
      exitCode: 0,
      stdout: '/tool/map = {"x":1,"y":1.0} (revision 1)\n',
      stderr: '',
    });
    expect(await tool(['get', '/tool/map'])).toEqual({ exitCode: 0, stdout: '{"x":1,"y":1.0}\n', stderr: '' });
    expect((await (await client()).get('/tool/map'))?.value).toEqual(
      new Map<string, unknown>([
        ['x', 1n],
        ['y', 1],
      ]),
    );
  });

  it('treat a bare word as a string and a negative number as a number', async () => {
    expect((await tool(['set', '/tool/word', 'on'])).stdout).toBe('/tool/word = "on" (revision 1)\n');
    expect((await tool(['set', '/tool/word', '-5', '--json'])).stdout).toBe(
      '{"address":"/tool/word","value":-5,"revision":2}\n',
    );
    const { stdout } = await tool(['get', '--json', '/tool/word']);
    expect(JSON.parse(stdout)).toEqual({
      address: '/tool/word',
      value: -5,
      revision: 2,
      writer: expect.any(String),
      timestamp: expect.any(Number),
    });
  });

  it("exit with 2 and the router's ERROR if it refuses", async () => {
    expect(await tool(['get', '/tool/nowhere'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'clasp-router: ERROR 201 AddressNotFound: there is no param at /tool/nowhere\n',
    });
    const owner = await client();
    await owner.set('/tool/mine', 1, { lock: true });
    const { exitCode, stdout, stderr } = await tool(['set', '/tool/mine', '2']);
    expect([exitCode, stdout, stderr]).toEqual([
      2,
      '',
      expect.stringMatching(/^clasp-router: ERROR 401 LockHeld: .+\n$/),
    ]);
  });

  it("send an event, and report the router's refusal", async () => {
    const listener = await client();
    const heard: unknown[] = [];
    await listener.on('/tool/cue', ({ value }) => heard.push(value), { types: ['event'] }).ready;
    expect((await tool(['emit', '/tool/cue', '7'])).stdout).toBe('/tool/cue 7 (event sent)\n');
    expect((await tool(['emit', '/tool/cue', '--json'])).stdout).toBe('{"address":"/tool/cue"}\n');
    await until(() => heard.length === 2, 'both events');
    expect(heard).toEqual([7n, undefined]);
    const refused = await tool(['emit', '/$clasp/mine']);
    expect([refused.exitCode, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/^clasp-router: ERROR 403 Refused: /);
  });

  it('list announced signals, with their range if the encoding carries it', async () => {
    const lamp = await client();
    const meta = { unit: '%', range: [0, 100] as const };
    await lamp.announce('/hall', [{ address: '/hall/dim', type: 'param', datatype: 'f64', meta }]);
    expect((await tool(['query', '/hall/**'])).stdout).toMatch(/^\/hall\/dim {2}param .*f64\n$/);
    const { stdout } = await tool(['query', '--json', '--encoding', 'cbor']);
    expect(JSON.parse(stdout)).toMatchObject({
      address: '/hall/dim',
      type: 'param',
      meta: { unit: '%', range: [0, 100] },
    });
    expect(await tool(['query', '/nowhere/**'])).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'clasp-router: no announced signal matches /nowhere/**\n',
    });
  });

  it('exit with 1 for a value that does not fit into a frame', async () => {
    const { exitCode, stderr } = await tool(['set', '/tool/large', 'x'.repeat(70_000)]);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^clasp-router: .*65535.*\n$/)]);
  });
});

describe('clasp-router monitor', () => {
  it('shows the present params, then changes, and exits after the given number', async () => {
    const desk = await client();
    await desk.set('/seen/a', 1);
    const monitor = new Command(['monitor', '/seen/**', '--count', '4', '--url', router.urls.ws!]);
    await until(() => monitor.stdout.includes('held'), 'the snapshot');
    desk.emit('/seen/cue', 'go\u001b[2J');
    desk.gesture('/seen/pad', 3, 'start', 0.5);
    await desk.set('/seen/a', 2n);
    const { exitCode, stdout, stderr } = await monitor.done();
    expect([exitCode, stderr]).toEqual([0, '']);
    const time = String.raw`\d\d:\d\d:\d\d\.\d{3}`;
    for (const [i, line] of [
      String.raw`/seen/a +param +1\.0 {2}revision 1 {2}held`,
      String.raw`/seen/cue +event +"go\\u001b\[2J"`,
      String.raw`/seen/pad +gesture +0\.5 {2}start #3`,
      String.raw`/seen/a +param +2 {2}revision 2`,
    ].entries()) {
      expect(stdout.split('\n')[i]).toMatch(new RegExp(`^${time}  ${line}$`));
    }
    expect(stdout.split('\n')).toHaveLength(5);
  });

  it('shows only the selected kinds, as JSON', async () => {
    const desk = await client();
    await desk.set('/kinds/a', 1);
    const environment = { CLASP_URL: router.urls.ws! };
    const monitor = new Command(['monitor', '/kinds/*', '--types', 'event', '--count', '1', '--json'], environment);
    // Only its output shows that it is subscribed.
    const again = setInterval(() => desk.emit('/kinds/b', 3n), 20);
    const { exitCode, stdout } = await monitor.done();
    clearInterval(again);
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toEqual({ time: expect.any(String), address: '/kinds/b', type: 'event', value: 3 });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('exits with 0 on %s, and closes its session', async (signal) => {
    const desk = await client();
    await desk.set('/leave/a', 1);
    const monitor = new Command(['monitor', '/leave/*', '--url', router.urls.ws!]);
    await until(() => monitor.stdout.includes('held'), 'the snapshot');
    monitor.process.kill(signal);
    const { exitCode, stdout, stderr } = await monitor.done();
    expect([exitCode, stdout.split('\n').length, stderr]).toEqual([0, 2, '']);
  });

  it('exits without an error message when its output has lost its reader', async () => {
    const desk = await client();
    const monitor = new Command(['monitor', '/head/*', '--url', router.urls.ws!]);
    const again = setInterval(() => desk.emit('/head/a'), 10);
    await until(() => monitor.stdout.includes('\n'), 'the first line');
    monitor.process.stdout!.destroy(); // as head does
    const { exitCode, stderr } = await monitor.done();
    clearInterval(again);
    expect([exitCode, stderr]).toEqual([0, '']);
  });

  it('reports how much was dropped because its reader was too slow', async () => {
    const desk = await client();
    let stderr = '';
    let lines = 0;
    let goOn: () => void = () => undefined;
    const wait = new Promise<void>((resolve) => (goOn = resolve));
    const over = runTool(['monitor', '/slow/*', '--count', '10001'], {
      environment: { CLASP_URL: router.urls.ws! },
      stdout: () => (lines++ === 0 ? wait : undefined),
      stderr: (text) => (stderr += text),
      clock: systemClock,
      onInterrupt: () => () => undefined,
    });
    const again = setInterval(() => desk.emit('/slow/first'), 10);
    await until(() => lines > 0, 'the first line');
    clearInterval(again);
    const last = await connect(router.urls.ws!, { reconnect: false });
    clients.push(last);
    const heard = new Promise((resolve) => last.on('/slow/last', resolve));
    for (let i = 0; i < 10_500; i++) desk.emit('/slow/more', i);
    desk.emit('/slow/last');
    await heard;
    // After this many answers, everything written to an earlier subscriber has arrived.
    for (let i = 0; i < 10; i++) await desk.ping();
    goOn();
    expect(await over).toBe(0);
    expect(lines).toBe(10_001);
    expect(stderr).toMatch(/^clasp-router: \d{3} messages were dropped: the reader of the output is too slow\n$/);
  });

  it('exits with 3 when the router stops', async () => {
    const { command, urls } = await startRouter();
    const desk = await connect(urls.ws!, { reconnect: false });
    await desk.set('/gone/a', 1);
    const monitor = new Command(['monitor', '/gone/*', '--url', urls.ws!]);
    await until(() => monitor.stdout.includes('held'), 'the snapshot');
    command.process.kill('SIGKILL');
    const { exitCode, stderr } = await monitor.done();
    expect([exitCode, stderr]).toEqual([3, expect.stringMatching(/^clasp-router: the connection failed.*\n$/)]);
    await desk.close();
  });
});

describe('the tool', () => {
  it('connects to every listener of the router', async () => {
    const path = process.platform === 'win32' ? '\\\\.\\pipe\\clasp-tool' : folder.at('tool.sock');
    const doors = ['--tcp-port', '0', '--udp-port', '0', '--quic-port', '0', '--pipe', path, '--tls'];
    const { command, urls } = await startRouter(...doors);
    // If QUIC is not available, the log says so, and the other listeners open.
    const schemes = command.stderr.includes('QUIC') ? ['wss', 'tls', 'udp'] : ['wss', 'tls', 'udp', 'quic'];
    expect(Object.keys(urls)).toEqual(expect.arrayContaining(schemes));
    const trust = { CLASP_CA: folder.at('self-signed-certificate.pem'), CLASP_SERVERNAME: 'localhost' };
    for (const url of [...schemes.map((scheme) => urls[scheme]!), `unix:${path}`]) {
      const address = `/door/${url.split(':')[0]!}`;
      expect(await tool(['set', address, '1', '--url', url], trust)).toEqual({
        exitCode: 0,
        stdout: `${address} = 1 (revision 1)\n`,
        stderr: '',
      });
    }
    const { exitCode, stderr } = await tool(['get', '/door/tls', '--url', urls.tls!]);
    expect([exitCode, stderr]).toEqual([
      3,
      expect.stringMatching(/^clasp-router: cannot connect to tls:.*certificate.*\n$/),
    ]);
  });

  it('sends its token, from the environment or the command line', async () => {
    const { urls } = await startRouter('--auth');
    const url = ['--url', urls.ws!];
    const made = await tool(['token', 'create', '--scopes', 'write:/mine/**', '--data-dir', folder.path]);
    const token = made.stdout.trim();
    expect(await tool(['set', '/mine/a', '1', ...url], { CLASP_TOKEN: token })).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    expect(await tool(['get', '/mine/a', ...url, '--token', token])).toMatchObject({ exitCode: 0, stdout: '1\n' });
    const none = await tool(['get', '/mine/a', ...url]);
    expect([none.exitCode, none.stderr]).toEqual([
      2,
      expect.stringMatching(/^clasp-router: ERROR 300 Unauthorized: .+\n$/),
    ]);
    for (const words of [
      ['set', '/yours/a', '1'],
      ['emit', '/yours/a'],
      ['monitor', '/yours/**'],
    ]) {
      const { exitCode, stdout, stderr } = await tool([...words, ...url], { CLASP_TOKEN: token });
      expect([words[0], exitCode, stdout]).toEqual([words[0], 2, '']);
      expect(stderr).toMatch(/^clasp-router: ERROR 301 Forbidden: .+\n$/);
      expect(stderr).not.toContain(token);
    }
  });

  it('exits with 3 if the address has no listener, or the router does not answer in time', async () => {
    const silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo; // it listens on a port
    const late = await tool(['get', '/a', '--timeout', '0.2', '--url', `tcp://127.0.0.1:${port}`]);
    expect([late.exitCode, late.stdout]).toEqual([3, '']);
    expect(late.stderr).toMatch(/^clasp-router: no router at tcp:\S+ .+ within 200 ms\n$/);
    silent.close();
    await once(silent, 'close');
    const nobody = await tool(['get', '/a', '--url', `tcp://127.0.0.1:${port}`]);
    expect([nobody.exitCode, nobody.stderr]).toEqual([
      3,
      expect.stringMatching(/^clasp-router: cannot connect to .*ECONNREFUSED.*\n$/),
    ]);
  });

  it('rejects invalid arguments with one sentence and exit code 1', async () => {
    expect(await tool(['moniter'])).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'clasp-router: unknown command "moniter" (did you mean monitor?); see clasp-router --help\n',
    });
    expect((await tool(['decode', '99'])).exitCode).toBe(1);
    expect((await tool(['decode', '41'])).stdout).toContain('PING\n');
    expect(await tool(['get', '--help'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Usage:') });
  });

  it('is not loaded by a router', async () => {
    const log = folder.at('loaded');
    const hooks = `import { appendFileSync } from 'node:fs';
      export async function load(url, context, next) { appendFileSync(${JSON.stringify(log)}, url + '\\n'); return next(url, context); }`;
    writeFileSync(
      folder.at('preload.mjs'),
      `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)});`,
    );
    const preload = { NODE_OPTIONS: `--import ${pathToFileURL(folder.at('preload.mjs')).href}` };
    const command = new Command(['--host', '127.0.0.1', '--port', '0'], preload);
    await until(() => command.stdout.includes('try:'), 'the router runs');
    const loaded = (): string => readFileSync(log, 'utf8');
    expect(loaded()).toContain('/dist/router/create-router.js');
    expect(loaded()).not.toMatch(/\/dist\/(cli\/tool|client\/node)/);
    writeFileSync(log, '');
    await new Command(['decode', '41'], preload).done();
    expect(loaded()).toContain('/dist/cli/tool/decode.js');
    // A command does not load a router either, nor the client if it needs none.
    expect(loaded()).not.toMatch(/\/dist\/(router\/create-router|client\/client)\.js/);
  });
});
