import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { routeViews } from '../../src/inspector/page/route.js';
import { FeedPage } from './feed-page.js';

// The built package, imported by its public names.
const root = fileURLToPath(new URL('../../', import.meta.url));
const page = readFileSync(`${root}docs/how-to/inspector.md`, 'utf8');
const [, program = ''] = /```js\n(.*?)```/s.exec(page) ?? [];
const [, relay = ''] = /^ *node -e "(.*)"$/m.exec(page) ?? [];

let running: ChildProcess | undefined;
beforeAll(() => {
  if (!existsSync(`${root}dist/index.js`)) throw new Error('dist/index.js does not exist: run npm run build');
});
afterEach(() => {
  running?.kill('SIGKILL');
  running = undefined;
});

/** Runs a program as if it were in the project's folder. @returns the first line of its output */
async function firstLine(...args: readonly string[]): Promise<string> {
  running = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  running.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const lines = createInterface({ input: running.stdout! });
  const [line] = (await Promise.race([once(lines, 'line'), once(running, 'exit').then(() => [])])) as [string?];
  if (line === undefined) throw new Error(`it has ended without a word: ${errors}`);
  return line;
}

function replaced(text: string, part: string, by: string): string {
  if (!text.includes(part)) throw new Error(`there is no ${part} in ${text}`);
  return text.replace(part, by);
}

describe('docs/how-to/inspector.md', () => {
  it('has a program that shows the inspector of its router', async () => {
    const onFreePort = replaced(program, 'port: 7330', `port: 0, host: '127.0.0.1'`);
    const link = await firstLine('--input-type=module', '--eval', onFreePort);
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/inspect\/#key=[\w-]{32}$/);
    const answer = await fetch(link);
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('<title>')]);
    const looking = new FeedPage(link);
    const { charts } = await looking.hears('welcome');
    expect(Object.keys(charts).sort()).toEqual(['listener', 'root', 'session']);
    const { actors } = await looking.hears('actors', ({ actors: all }) =>
      all.some(({ machine }) => machine === 'root'),
    );
    expect(actors).toContainEqual(expect.objectContaining({ machine: 'root', state: 'running' }));
    looking.socket.terminate();
  });

  it('has a command that starts the relay', async () => {
    // The example's relay would listen on every interface, and on a port that can be in use.
    const onLoopback = `
      import { Server } from 'node:net';
      const { listen } = Server.prototype;
      Server.prototype.listen = function () {
        return listen.call(this, { port: 0, host: '127.0.0.1' }, () => console.log(this.address().port));
      };`;
    const port = await firstLine('--import', `data:text/javascript,${encodeURIComponent(onLoopback)}`, '--eval', relay);
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    expect(answer.status).toBe(200);
  });

  it('names only existing flags', () => {
    const { stdout: help } = spawnSync(process.execPath, [`${root}dist/cli/main.js`, '--help'], { encoding: 'utf8' });
    const flags = new Set(page.match(/--(?:inspect|auth)[\w-]*/g));
    expect([...flags].sort()).toEqual(['--auth', '--inspect', '--inspect-remote', '--inspect-ws']);
    for (const flag of flags) expect(help).toMatch(new RegExp(`^ +${flag}\\b`, 'm'));
  });

  it('names the views with their keys', () => {
    const rows = [...page.matchAll(/^\| (\w+) \| `(\d)` \|/gm)].map(([, name, key]) => [name, key]);
    expect(rows).toEqual(routeViews.map((view, at) => [titles[view], String(at + 1)]));
  });
});

const titles = { sessions: 'Sessions', chart: 'Statechart', signals: 'Signals', traffic: 'Traffic' };
