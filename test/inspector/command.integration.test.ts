import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { TemporaryFolder } from '../certificates/temporary-folder.js';
import { until } from '../support/official-client.js';
import { FeedPage } from './feed-page.js';

// The built command, as installed: `npm test` builds before it runs the tests.
const root = fileURLToPath(new URL('../../', import.meta.url));

let command: ChildProcess | undefined;
let page: FeedPage | undefined;
let data: TemporaryFolder | undefined;
afterEach(() => {
  page?.socket.terminate();
  if (command?.exitCode === null) command.kill('SIGKILL');
  data?.remove();
  [page, command, data] = [undefined, undefined, undefined];
});

/** Starts the command with its inspector. @returns the match in its output, once there is one */
async function printed(isEnough: RegExp, ...args: readonly string[]): Promise<RegExpExecArray> {
  let text = '';
  const all = ['--host', '127.0.0.1', '--port', '0', '--inspect', ...args];
  command = spawn(process.execPath, [`${root}dist/cli/main.js`, ...all]);
  for (const stream of [command.stdout!, command.stderr!])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await until(() => isEnough.test(text) || command!.exitCode !== null, 'what it prints');
  return isEnough.exec(text)!;
}

describe('clasp-router --inspect', () => {
  it.each([
    ['in the banner', /^inspector: (\S+)$/m, []],
    ['in the log, with --json-log', /"inspector":"([^"]+)"/, ['--json-log']],
  ])('prints a link that opens the page and its feed: %s', async (_, line, args) => {
    const [, link = ''] = await printed(line, ...args);
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/inspect\/#key=[\w-]{32}$/);
    const answer = await fetch(link);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('<title>')]);
    page = new FeedPage(link);
    expect(await page.hears('welcome')).toMatchObject({ needsKey: false, mayWrite: true });
  });

  it('prints a link without a key under --auth, where the page asks for a token', async () => {
    data = new TemporaryFolder();
    const [, link = ''] = await printed(/^inspector: (\S+)$/m, '--auth', '--data-dir', data.path);
    expect(link).toMatch(/\/inspect\/$/);
    page = new FeedPage(link);
    expect(await page.hears('welcome')).toMatchObject({ needsToken: true, needsKey: false });
  });
});
