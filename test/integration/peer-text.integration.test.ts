import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/official-client.js';
import { WebSocketClient } from '../support/websocket-client.js';

// The built command, as installed: `npm test` builds before it runs the tests.
const root = fileURLToPath(new URL('../../', import.meta.url));

let command: ChildProcess | undefined;
let log: string;
afterEach(() => {
  if (command?.exitCode === null) command.kill('SIGKILL');
});

/** Starts the command. @returns the URL of its WebSocket port */
async function start(...args: readonly string[]): Promise<string> {
  log = '';
  const options = ['--host', '127.0.0.1', '--port', '0', '--log-level', 'debug', ...args];
  command = spawn(process.execPath, [`${root}dist/cli/main.js`, ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  command.stderr!.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
  const url = (): string | undefined => /ws:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0];
  await until(() => url() !== undefined, 'the router listens');
  return url()!;
}

async function stopped(): Promise<void> {
  command!.kill('SIGTERM');
  await once(command!, 'close'); // its log is complete then
}

/** Sends HELLO in JSON. @returns the first answer */
async function hello(url: string, name: string): Promise<unknown> {
  const client = await WebSocketClient.connect(url);
  client.send(JSON.stringify({ type: 'hello', version: 1, name, features: [] }));
  const [answer] = await client.receive(1);
  client.close();
  await client.ended;
  return JSON.parse(String(answer));
}

/** Every character that controls a terminal, except line breaks. */
// eslint-disable-next-line no-control-regex -- these are what must not be there
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/;

describe('the name of a client in the log of the command', () => {
  const forged = 'x\n[12:00:00.000] ERROR: forged\u001b[2J\u009b2J\u202edesrever\r\u2028y';

  it.each([
    ['in text form', []],
    ['in JSON', ['--json-log']],
  ])('adds no line and no control character: %s', async (_, args) => {
    const url = await start(...args);
    expect(await hello(url, forged)).toMatchObject({ type: 'welcome' });
    await until(() => log.includes('session ended'), 'the end of the session');
    await stopped();
    const lines = log.trimEnd().split('\n');
    expect(lines.filter((line) => line.includes('session opened'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('forged') && !line.includes('session '))).toEqual([]);
    expect(lines.filter((line) => controls.test(line))).toEqual([]);
  });

  it('is cut to 100 characters', async () => {
    const url = await start();
    await hello(url, 'x'.repeat(255));
    await until(() => log.includes('session ended'), 'the end of the session');
    await stopped();
    expect(log).toContain(`${'x'.repeat(99)}…`);
    expect(log).not.toContain('x'.repeat(100));
  });

  it('of more than 255 bytes is refused with both numbers, and a name of 60 KB causes less than 1 KB of log', async () => {
    const url = await start();
    const before = log.length;
    expect(await hello(url, 'ä'.repeat(30_000))).toMatchObject({
      type: 'error',
      code: 101,
      message: 'The name in HELLO has 60000 bytes; the limit is 255',
    });
    await until(() => log.includes('session ended'), 'the end of the session');
    expect(log.length - before).toBeLessThan(1_000);
    await stopped();
  });
});
