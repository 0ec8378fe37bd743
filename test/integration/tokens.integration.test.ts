import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { createCapability } from '../../src/auth/index.js';
import { type Client, type ClientOptions, connect, type StateChange } from '../../src/client/node.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';
import { OfficialClient, until } from '../support/official-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

// The built command, as installed: `npm test` builds before it runs the tests.
const root = fileURLToPath(new URL('../../', import.meta.url));

let data: TemporaryFolder;
let running: ChildProcess[];
let clients: { close(): unknown }[];
beforeEach(() => {
  data = new TemporaryFolder();
  running = [];
  clients = [];
});
afterEach(() => {
  for (const client of clients) void client.close();
  for (const child of running) if (child.exitCode === null) child.kill('SIGKILL');
  data.remove();
});

class Command {
  readonly process: ChildProcess;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[]) {
    this.process = spawn(process.execPath, [`${root}dist/cli/main.js`, ...args, '--data-dir', data.path], {
      cwd: root,
    });
    this.process.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.process.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    running.push(this.process);
  }

  /** Resolves when it has exited and its output is complete. */
  async done(): Promise<this> {
    await once(this.process, 'close');
    return this;
  }
}

interface Router {
  readonly command: Command;
  readonly url: string;
}

async function startRouter(...args: readonly string[]): Promise<Router> {
  const command = new Command(['--auth', '--host', '127.0.0.1', '--port', '0', '--log-level', 'debug', ...args]);
  await until(() => command.stdout.includes('security:') || command.process.exitCode !== null, 'the router listens');
  const [, url] = /^ {2}(ws:\S+)$/m.exec(command.stdout) ?? [];
  if (url === undefined) throw new Error(`the router has not started: ${command.stderr}`);
  return { command, url };
}

interface Created {
  readonly token: string;
  readonly id: string;
}

/** Runs `clasp-router token create`. */
async function create(...args: readonly string[]): Promise<Created> {
  const { stdout } = await new Command(['token', 'create', '--json', ...args]).done();
  return JSON.parse(stdout) as Created; // its own tests check the other members
}

async function open(url: string, token: string | undefined, options: ClientOptions = {}): Promise<Client> {
  const client = await connect(url, { ...options, token });
  clients.push(client);
  return client;
}

async function openOfficial(url: string, token: string): Promise<OfficialClient> {
  const client = await OfficialClient.connect(url, { token });
  clients.push(client);
  return client;
}

describe('clasp-router --auth', () => {
  it.each([
    ['no token', undefined, 'Authentication required'],
    ['an unknown token', 'cpsk_00000000000000000000000000000000', 'Invalid token: token not found'],
    ['a token of an unknown kind', 'ent_AAAA', 'Unrecognized token format'],
  ])('accepts no session with %s', async (_, token, message) => {
    const { command, url } = await startRouter();
    expect(command.stdout).toContain('security: clients need a token');
    await expect(open(url, token)).rejects.toMatchObject({ code: 300, message });
  });

  it('lets the official client do what its token grants, and no more', async () => {
    const { url } = await startRouter();
    const admin = await open(url, (await create('--scopes', 'admin:/**')).token);
    await admin.set('/lights/2/dim', 0.5);
    await admin.set('/sound/1', 'quiet');

    const { token } = await create('--scopes', 'read:/lights/**,write:/lights/1/*', '--subject', 'desk');
    const desk = await openOfficial(url, token);
    await until(() => desk.all('snapshot').length > 0, 'the first snapshot');
    const known = desk.all('snapshot').flatMap(({ params }) => params.map(({ address }) => address));
    expect(known).toEqual(['/lights/2/dim']);

    const heard: string[] = [];
    desk.clasp.on('/lights/**', (_value, address) => heard.push(address));
    desk.clasp.set('/lights/1/dim', 0.25);
    await until(() => desk.all('ack').length === 1, 'the ACK of an allowed SET');
    await admin.set('/lights/3/dim', 1);
    await until(() => heard.includes('/lights/3/dim'), 'what it may read');
    expect(await admin.get('/lights/1/dim')).toMatchObject({ value: 0.25 });

    desk.clasp.set('/lights/2/dim', 1);
    desk.clasp.on('/**', () => heard.push('everything'));
    await until(() => desk.all('error').length === 2, 'two refusals');
    expect(desk.all('error')).toMatchObject([
      { code: 301, message: 'Insufficient scope for write operation', address: '/lights/2/dim' },
      { code: 301, message: 'Insufficient scope for subscription', address: '/**' },
    ]);
    expect(await admin.get('/lights/2/dim')).toMatchObject({ value: 0.5 });
  });

  it('refuses values outside the constraints of a token, and accepts those inside', async () => {
    const { url } = await startRouter();
    const bounds = ['--constraint', '/lights/**:range=0..1', '--constraint', '/lights/2:rate=0.001'];
    const { token } = await create('--scopes', 'write:/**', ...bounds);
    const desk = await open(url, token);
    expect(await desk.set('/lights/1', 1)).toEqual({ revision: 1 });
    await expect(desk.set('/lights/1', 1.5)).rejects.toMatchObject({
      code: 402,
      message: 'Invalid value: 1.5 is outside the range 0 to 1 that this token allows',
      address: '/lights/1',
    });
    expect(await desk.get('/lights/1')).toMatchObject({ value: 1, revision: 1 });
    expect(await desk.set('/sound/1', 1.5)).toEqual({ revision: 1 });
    expect(await desk.set('/lights/2', 0)).toEqual({ revision: 1 });
    await expect(desk.set('/lights/2', 1)).rejects.toMatchObject({ code: 429, address: '/lights/2' });
  });

  it('prints in its banner a token command and a HELLO that work', async () => {
    const { command, url } = await startRouter();
    await until(() => command.stdout.includes(' -x '), 'the hint');
    const [, args] = /^try: npx clasp-router (token create .*) --data-dir .*$/m.exec(command.stdout)!;
    const { stdout } = await new Command(args!.replaceAll('"', '').split(' ')).done();
    const hello = / -x '(.*)'$/m.exec(command.stdout)![1]!.replace('TOKEN', stdout.trim());
    const client = await WebSocketClient.connect(url);
    clients.push(client);
    client.send(hello);
    expect(JSON.parse(String((await client.receive(1))[0]))).toMatchObject({ type: 'welcome' });
  });

  it('accepts 120 frames of a DMX universe, 512 SETs per bundle, with an admin token', async () => {
    const { url } = await startRouter();
    const desk = await open(url, (await create('--scopes', 'admin:/**')).token);
    const universe = Array.from({ length: 512 }, (_, i) => `/dmx/1/${i + 1}`);
    const frames = Array.from({ length: 120 }, (_, level) =>
      desk.bundle(universe.map((address) => ({ kind: 'param', address, value: level }))),
    );
    const passed = (await Promise.allSettled(frames)).filter(({ status }) => status === 'fulfilled');
    expect(passed).toHaveLength(120);
    expect(await desk.get('/dmx/1/512')).toMatchObject({ value: 119, revision: 120 });
  });

  it('answers messages above --max-messages-per-second with ERROR 429, which names the option', async () => {
    const { url } = await startRouter('--max-messages-per-second', '20');
    const desk = await open(url, (await create('--scopes', 'admin:/**')).token);
    const refused = new Promise<Error>((resolve) => desk.onError(resolve));
    for (let i = 0; i < 100; i++) desk.emit('/cue', i);
    expect(await refused).toMatchObject({
      code: 429,
      message: expect.stringMatching(
        /^Rate limit exceeded: 20 messages\/second; \d+ messages were dropped; .*the option maxMessagesPerSecond$/,
      ),
    });
  });

  it('closes the sessions of a token that is revoked at run time, and no others', async () => {
    const { command, url } = await startRouter();
    const { token, id } = await create('--scopes', 'write:/lights/**', '--subject', 'desk');
    const [official, ours] = [await openOfficial(url, token), await open(url, token)];
    const spared = await open(url, (await create('--scopes', 'write:/lights/**')).token);
    await expect(ours.set('/sound/1', 1)).rejects.toMatchObject({ code: 301, address: '/sound/1' });
    const ended = new Promise<StateChange>((resolve) => ours.onState(resolve));

    const { stderr } = await new Command(['token', 'revoke', id]).done();
    expect(stderr).toContain(id);
    expect(await ended).toMatchObject({ state: 'closed', reason: { code: 302, message: 'Token was revoked' } });
    await until(() => official.closeCodes.length > 0, 'the official client is put out');
    expect(official.all('error')).toMatchObject([{ code: 302, message: 'Token was revoked' }]);
    await expect(open(url, token)).rejects.toMatchObject({ code: 300, message: 'Invalid token: token not found' });
    expect(await spared.set('/lights/1', 1)).toEqual({ revision: 1 });
    expect(command.stdout + command.stderr).not.toContain(token);
    expect(readFileSync(data.at('tokens.json'), 'utf8')).not.toContain(token);
  });

  it('accepts JWTs and capability tokens of the configured issuers', async () => {
    const secret = randomBytes(32).toString('hex');
    const issuer = generateKeyPairSync('ed25519');
    const owner = generateKeyPairSync('ed25519');
    const stranger = generateKeyPairSync('ed25519');
    const { url } = await startRouter(
      ...['--jwt-secret', data.write('secret', secret)],
      ...['--trust-anchor', data.write('anchor.pem', issuer.publicKey.export({ type: 'spki', format: 'pem' }))],
    );
    const jwt = await new SignJWT({ write: ['/lights/*'], constraints: [{ pattern: '/lights/*', range: [0, 1] }] })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(Buffer.from(secret));
    const byJwt = await open(url, jwt);
    expect(await byJwt.set('/lights/1', 1)).toEqual({ revision: 1 });
    await expect(byJwt.set('/lights/1', 2)).rejects.toMatchObject({ code: 402 });

    const expiresAtSeconds = Math.floor(Date.now() / 1_000) + 3_600;
    const rootToken = createCapability({
      key: issuer.privateKey,
      audience: owner.publicKey,
      scopes: ['write:/lights/**'],
      expiresAtSeconds,
    });
    const handedOn = createCapability({
      key: owner.privateKey,
      parent: rootToken,
      scopes: ['write:/lights/2'],
      expiresAtSeconds,
    });
    const byCapability = await open(url, handedOn);
    expect(await byCapability.set('/lights/2', 1)).toEqual({ revision: 1 });
    await expect(byCapability.set('/lights/1', 1)).rejects.toMatchObject({ code: 301 });

    const forged = createCapability({ key: stranger.privateKey, scopes: ['admin:/**'], expiresAtSeconds });
    await expect(open(url, forged)).rejects.toMatchObject({
      code: 300,
      message: expect.stringMatching(/^Invalid token: untrusted issuer: /),
    });
  });

  it.each([
    ['tokens.json', '{', [], /^clasp-router: .*tokens\.json is not a token file; .*\n$/],
    ['secret', 'short', ['--jwt-secret', 'secret'], /^clasp-router: the JWT secret in .* has 5 bytes; .*\n$/],
  ])('rejects a bad %s with one sentence and exit code 1', async (name, content, args, sentence) => {
    const path = data.write(name, content);
    const paths = args.map((arg) => (arg === name ? path : arg));
    const command = await new Command(['--auth', '--host', '127.0.0.1', '--port', '0', ...paths]).done();
    expect(command.process.exitCode).toBe(1);
    expect(command.stderr).toMatch(sentence);
  });
});
