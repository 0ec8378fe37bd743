import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from '@jest/globals';
import { chromium } from 'playwright-core';
import { WebSocket } from 'ws';
import { chromiumPath, whyNoBrowser } from '../support/chromium.js';
import { httpRequest } from '../support/http-request.js';
import { until } from '../support/official-client.js';
import { blocksOf, programFile, runProgram } from '../support/page-programs.js';

// Runs each tutorial literally with the built command, except for the port: any free port of 127.0.0.1.
const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = join(root, 'examples/.built');

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  rmSync(join(folder, 'show'), { recursive: true, force: true });
});

/** A process and what it has printed. */
class Running {
  output = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  /** @param words a program of the package and its arguments */
  constructor(words: readonly string[], environment: Readonly<Record<string, string>>) {
    mkdirSync(folder, { recursive: true });
    this.#child = spawn(process.execPath, words, { cwd: folder, env: { ...process.env, ...environment } });
    this.#child.stdout!.on('data', (data: Buffer) => (this.output += data.toString()));
    this.#closed = once(this.#child, 'close');
    running.push(this.#child);
  }

  /** Resolves when it has printed a text. */
  async prints(text: string | RegExp): Promise<string> {
    const found = (): string | undefined => this.output.match(text)?.[0];
    await until(() => found() !== undefined, `the output ${String(text)}`);
    return found()!; // the test has waited for it
  }

  /** Resolves with its whole output. */
  async end(): Promise<string> {
    await this.#closed;
    expect(this.#child.exitCode).toBe(0);
    return this.output;
  }

  /** Presses Ctrl-C. */
  interrupt(): Promise<string> {
    this.#child.kill('SIGINT');
    return this.end();
  }
}

/** The code blocks of a tutorial, taken in their order. */
class Lesson {
  readonly #blocks: ReturnType<typeof blocksOf>;
  #environment: Readonly<Record<string, string>> = { CLASP_HOST: '127.0.0.1', CLASP_PORT: '0' };
  #next = 0;

  constructor(name: string) {
    this.#blocks = blocksOf(`docs/tutorials/${name}.md`);
  }

  /** Returns the next block, which must have this language. */
  take(language: string): string {
    const block = this.#blocks[this.#next++];
    expect(block?.language).toBe(language);
    return block!.text;
  }

  /** Starts the router of the next block, for all later ones. @returns it and its address */
  async startRouter(): Promise<readonly [router: Running, url: string]> {
    const router = this.start(this.take('sh').trim());
    const url = await router.prints(/ws:\/\/127\.0\.0\.1:\d+/);
    this.#environment = { CLASP_URL: url };
    return [router, url];
  }

  /** Starts a line of the page: `npx clasp-router ...`, or `node` with a program of the page. */
  start(line: string): Running {
    const words = line.split(' ');
    if (words[0] === 'node') return new Running(words.slice(1), this.#environment);
    expect(words.slice(0, 2)).toEqual(['npx', 'clasp-router']);
    return new Running([join(root, 'dist/cli/main.js'), ...words.slice(2)], this.#environment);
  }

  /** Runs the lines of the next block one after the other. @returns their output */
  async run(): Promise<string> {
    let output = '';
    for (const line of this.take('sh').trim().split('\n')) output += await this.start(line).end();
    return output;
  }

  /** Expects that all blocks were used. */
  ends(): void {
    expect(this.#next).toBe(this.#blocks.length);
  }
}

describe('docs/tutorials/first-show.md', () => {
  it('leads from a router to a lamp that joins late, with the stated output', async () => {
    const lesson = new Lesson('first-show');
    const [router] = await lesson.startRouter();
    expect(await lesson.run()).toBe(lesson.take('text'));
    const link = new URL((await router.prints(/(?<=inspector: )\S+/)).trim());
    expect((await httpRequest(Number(link.port), link.pathname)).status).toBe(200);
    programFile('lamp.mjs', lesson.take('js'));
    const lamp = lesson.start(lesson.take('sh').trim());
    await lamp.prints(lesson.take('text'));
    await lesson.run();
    await lamp.prints(lesson.take('text'));
    await lamp.end();
    expect(await lesson.run()).toBe(lesson.take('text'));
    lesson.ends();
    await router.interrupt();
  });
});

/** Follows the lesson to the running light. */
async function lit(): Promise<{
  readonly lesson: Lesson;
  readonly port: number;
  readonly html: string;
  light: Running;
}> {
  const lesson = new Lesson('two-phones-and-a-light');
  const html = lesson.take('html');
  mkdirSync(join(folder, 'show'), { recursive: true });
  writeFileSync(join(folder, 'show/index.html'), html);
  const [, url] = await lesson.startRouter();
  programFile('light.mjs', lesson.take('js'));
  const light = lesson.start(lesson.take('sh').trim());
  await lesson.run();
  await light.prints(lesson.take('text'));
  lesson.ends();
  return { lesson, port: Number(new URL(url).port), html, light };
}

describe('docs/tutorials/two-phones-and-a-light.md', () => {
  it('leads to a light that follows the command, and serves the page', async () => {
    const { port, html } = await lit();
    expect((await httpRequest(port, '/')).body).toBe(html);
  });

  it('has a page whose script follows the light, and sets it', async () => {
    const { port, html, light } = await lit();
    const [, script = ''] = /<script type="module">(.*)<\/script>/s.exec(html) ?? [];
    const faders = [1, 2].map(() => ({ value: '0', disabled: true, oninput: (): void => undefined }));
    const sockets: WebSocket[] = [];
    for (const fader of faders) {
      runInNewContext(script, {
        location: { host: `127.0.0.1:${port}` },
        document: { getElementById: () => fader },
        WebSocket: class extends WebSocket {
          constructor(url: string) {
            super(url);
            sockets.push(this);
          }
        },
      });
    }
    await until(() => faders.every(({ value, disabled }) => Number(value) === 0.5 && !disabled), 'the first values');
    faders[0]!.value = '0.25';
    faders[0]!.oninput();
    await until(() => Number(faders[1]!.value) === 0.25, 'the other fader follows');
    await light.prints('#####............... 0.25');
    for (const socket of sockets) socket.close();
  });

  const itInBrowser = chromiumPath === undefined ? it.skip : it;
  itInBrowser(`leads to two pages whose faders follow each other${whyNoBrowser}`, async () => {
    const { port, light } = await lit();
    const browser = await chromium.launch({ executablePath: chromiumPath!, args: ['--no-sandbox'] });
    try {
      const faders = await Promise.all(
        [1, 2].map(async () => {
          const page = await browser.newPage();
          await page.goto(`http://127.0.0.1:${port}/`);
          return page.getByRole('slider', { name: 'dim' });
        }),
      );
      const valuesAre = async (value: string): Promise<void> => {
        const values = (): Promise<string[]> => Promise.all(faders.map((fader) => fader.inputValue()));
        while ((await values()).some((one) => one !== value)) await new Promise((resolve) => setTimeout(resolve, 20));
      };
      await valuesAre('0.5');
      await faders[0]!.press('ArrowRight');
      await light.prints('0.51');
      await valuesAre('0.51');
    } finally {
      await browser.close();
    }
  });
});

describe('docs/tutorials/router-in-an-xstate-system.md', () => {
  it('shows two programs that run, and their outputs', async () => {
    const lesson = new Lesson('router-in-an-xstate-system');
    for (const step of [1, 2]) {
      const program = programFile('stage.mjs', lesson.take('js'));
      expect(lesson.take('sh')).toBe('node stage.mjs\n');
      expect([step, await runProgram(program)]).toEqual([step, lesson.take('text')]);
    }
    lesson.ends();
  });
});

describe('each tutorial', () => {
  it('is run by a test of this file', () => {
    const pages = readdirSync(join(root, 'docs/tutorials')).filter((name) => name.endsWith('.md'));
    expect(pages.sort()).toEqual(['first-show.md', 'router-in-an-xstate-system.md', 'two-phones-and-a-light.md']);
  });
});
