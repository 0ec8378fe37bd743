import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { type Client, connect } from '../../src/client/node.js';
import type { RouterOptions } from '../../src/index.js';
import { parseRouterOptions } from '../../src/embed/index.js';
import { newCertificate } from '../support/certificates.js';
import { httpRequest } from '../support/http-request.js';
import { until } from '../support/official-client.js';

// Runs the page literally with the built command, except for the ports: any free ports on 127.0.0.1.
const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${root}docs/how-to/security.md`, 'utf8');

/** Returns the lines of all code blocks of a language. */
function blocks(language: string): readonly string[] {
  // the group is not optional
  return [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, text]) => text!);
}

const commands = blocks('sh').flatMap((block) => block.trim().split('\n'));

/** Returns the only command of the page that contains all parts. */
function command(...parts: readonly string[]): string {
  const found = commands.filter((line) => parts.every((part) => line.includes(part)));
  const shortest = found.sort((a, b) => a.length - b.length)[0];
  if (shortest === undefined) throw new Error(`the page has no command with ${parts.join(' ')}`);
  run.add(shortest);
  return shortest;
}

/** Commands of the page that were run, to find those that were not. */
const run = new Set<string>();

let folder: string;
const running: ChildProcess[] = [];
const clients: Client[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clasp-security-'));
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

class Run {
  readonly process: ChildProcess;
  output = '';
  errors = '';

  /** @param line as on the page */
  constructor(line: string, environment: Readonly<Record<string, string>> = {}) {
    const [name, ...args] = wordsOf(line);
    if (name !== 'clasp-router') throw new Error(`not a command of ours: ${line}`);
    const freed = args.map((arg, i) => (/^--\w+-port$/.test(args[i - 1] ?? '') ? '0' : arg));
    this.process = spawn(process.execPath, [`${root}dist/cli/main.js`, ...freed], {
      cwd: folder,
      env: { ...process.env, CLASP_DATA_DIR: folder, CLASP_HOST: '127.0.0.1', CLASP_PORT: '0', ...environment },
    });
    this.process.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.process.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    running.push(this.process);
  }

  /** Resolves with the address of its listener. */
  async url(): Promise<string> {
    const found = (): string | undefined => /^ {2}(wss?:\S+)$/m.exec(this.output)?.[1];
    await until(() => found() !== undefined || this.process.exitCode !== null, 'the router listens');
    if (this.process.exitCode !== null) throw new Error(this.errors);
    return found()!; // the test has waited for it
  }

  /** Resolves with its exit code, when its output is complete. */
  async end(): Promise<number | null> {
    await once(this.process, 'close');
    return this.process.exitCode;
  }
}

/** Splits a command line without shell syntax other than quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!); // one of the two matches
}

async function token(line: string): Promise<string> {
  const made = new Run(line);
  expect(await made.end()).toBe(0);
  expect(made.output).toMatch(/^cpsk_[0-9a-f]{32}\n$/);
  return made.output.trim();
}

async function enter(url: string, options: { readonly token?: string } = {}): Promise<Client> {
  const ca = url.startsWith('wss:') ? readFileSync(join(folder, 'self-signed-certificate.pem'), 'utf8') : undefined;
  const client = await connect(url, { reconnect: false, ca, ...options });
  clients.push(client);
  return client;
}

describe('docs/how-to/security.md', () => {
  it('leads to tokens with the stated scopes, which can be revoked while the router runs', async () => {
    const desk = await token(command('token create', 'admin:/**'));
    const tablet = await token(command('token create', 'tablet 1'));
    const list = new Run(command('token list'));
    expect(await list.end()).toBe(0);
    const row = list.output.split('\n').find((line) => line.includes('tablet 1'))!;
    expect(row).toContain('read:/lights/**, write:/lights/1/*');

    const router = new Run(command('--auth --tls'));
    const url = await router.url();
    expect(router.output).toMatch(/certificate \(self-signed\): SHA-256 /);
    await expect(enter(url)).rejects.toMatchObject({ code: 300 });
    await expect(connect(url, { reconnect: false, token: desk })).rejects.toMatchObject({ kind: 'unreachable' });
    const [atDesk, atTablet] = [await enter(url, { token: desk }), await enter(url, { token: tablet })];
    await atDesk.set('/lights/2/dim', 0.25);
    await atTablet.set('/lights/1/dim', 0.5);
    expect((await atTablet.get('/lights/2/dim'))?.value).toBe(0.25);
    await expect(atTablet.set('/lights/2/dim', 1)).rejects.toMatchObject({ code: 301 });

    const id = row.split(' ')[0]!;
    expect(await new Run(command('token revoke').replace('ID', id)).end()).toBe(0);
    await until(() => atTablet.state === 'closed', 'the tablet is put out');
    await expect(enter(url, { token: tablet })).rejects.toMatchObject({ code: 300 });
    await atDesk.set('/lights/2/dim', 1);
  });

  it('has a client program that runs unchanged', async () => {
    const desk = await token(command('token create', 'admin:/**'));
    const router = new Run(command('--auth --tls'));
    const program = blocks('js').find((text) => text.includes('clasp-router/client'))!;
    writeFileSync(join(folder, 'desk.mjs'), program);
    // The package, as in an installation.
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 'clasp-router'), 'junction');
    const child = spawn(process.execPath, [join(folder, 'desk.mjs')], {
      env: {
        ...process.env,
        CLASP_URL: await router.url(),
        CLASP_TOKEN: desk,
        CLASP_CA: join(folder, 'self-signed-certificate.pem'),
      },
    });
    running.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await once(child, 'close');
    expect(output).toBe('the desk is in\n');
  });

  it('configures a certificate of another issuer', async () => {
    const { cert, key } = await newCertificate();
    writeFileSync(join(folder, 'fullchain.pem'), cert);
    writeFileSync(join(folder, 'privkey.pem'), key);
    const desk = await token(command('token create', 'admin:/**'));
    const url = await new Run(command('--cert fullchain.pem')).url();
    const client = await connect(url, { reconnect: false, token: desk, ca: cert, servername: 'localhost' });
    clients.push(client);
    expect(client.state).toBe('open');
  });

  it('accepts the listed web pages, and no others', async () => {
    const url = await new Run(command('--allow-origin')).url();
    const opens = async (origin: string): Promise<boolean> => {
      const socket = new WebSocket(url, ['clasp'], { origin });
      const isOpen = await new Promise<boolean>((resolve) => {
        socket.on('open', () => {
          resolve(true);
        });
        socket.on('error', () => {
          resolve(false);
        });
      });
      socket.terminate();
      return isOpen;
    };
    expect(await opens('https://show.example')).toBe(true);
    expect(await opens('https://desk.example')).toBe(true);
    expect(await opens('http://localhost:3000')).toBe(true);
    expect(await opens('https://elsewhere.example')).toBe(false);
  });

  it('answers requests for the listed names, and no others', async () => {
    const port = Number(new URL(await new Run(command('--allow-host')).url()).port);
    const statusOf = async (name: string): Promise<number | undefined> =>
      (await httpRequest(port, '/healthz', { headers: { Host: name } })).status;
    expect(await statusOf('show.example.org')).toBe(200);
    expect(await statusOf('desk.lan')).toBe(200);
    expect(await statusOf('elsewhere.lan')).toBe(403);
  });

  it('logs the address of the peer behind a reverse proxy', async () => {
    const router = new Run(command('--trust-proxy'));
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    const socket = new WebSocket(await router.url(), ['clasp'], { headers });
    socket.on('open', () => {
      socket.send(JSON.stringify({ type: 'hello', version: 1, name: 'tablet', features: [] }));
    });
    await until(() => router.errors.includes('session opened'));
    expect(router.errors).toContain('203.0.113.7:0');
    socket.terminate();
  });

  it('refuses UDP on a router with tokens, with the text of the page', async () => {
    const router = new Run(command('--auth', '--udp-port'));
    expect(await router.end()).toBe(1);
    const [, sentence] = /ends with `([^`]+)`/.exec(page)!;
    expect(router.errors).toContain(sentence);
    const allowed = new Run(`${command('--auth', '--udp-port')} --allow-insecure-udp`);
    await allowed.url();
    expect(allowed.output).toMatch(/^ {2}udp:\/\/127\.0\.0\.1:\d+$/m);
  });

  it('has limits that the command and the library accept', async () => {
    for (const line of [command('--max-subscriptions'), command('--auth', '--health-port')]) {
      expect(await new Run(line).url()).toMatch(/^wss?:/);
    }
    const program = blocks('js').find((text) => text.includes('createRouter'))!;
    const [, options] = /createRouter\((\{.*\})\)/s.exec(program)!;
    const parsed = parseRouterOptions(JSON.parse(jsonOf(options!)) as RouterOptions);
    expect(parsed).toMatchObject({ maxSessionsPerAddress: 8, maxValueBytes: 4_096 });
  });

  it('serves metrics on a separate local port', async () => {
    const router = new Run(command('--health-port'));
    const found = (): string | undefined => /health and metrics on (http:\S+)/.exec(router.errors)?.[1];
    await until(() => found() !== undefined, 'the health port is open');
    expect(found()).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect(await (await fetch(`${found()!}/metrics`)).text()).toContain('clasp_sessions_active 0');
  });

  it('has no command that this test does not run', () => {
    expect([...run].sort()).toEqual([...new Set(commands)].sort());
  });
});

/** For an object literal that contains only names and numbers. */
function jsonOf(literal: string): string {
  return literal
    .replace(/(\w+):/g, '"$1":')
    .replace(/(?<=\d)_(?=\d)/g, '')
    .replace(/,(\s*\})/g, '$1');
}
