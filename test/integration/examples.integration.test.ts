import { beforeAll, describe, expect, it } from '@jest/globals';
import { execFile, type ExecFileException, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { chromium } from 'playwright-core';
import { connect } from '../../src/client/node.js';
import { chromiumPath, whyNoBrowser } from '../support/chromium.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const built = (name: string): string => `${root}examples/.built/${name}.js`;

/** Returns the output of a program. Rejects with its stderr if it fails. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: root }, (error: ExecFileException | null, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${error.message}\n${stdout}${stderr}`));
    });
  });
}

/** Removes the types, as Node 22.18 and later do. `npm run typecheck` checks them. */
beforeAll(() => {
  mkdirSync(`${root}examples/.built`, { recursive: true });
  for (const file of readdirSync(`${root}examples`).filter((name) => name.endsWith('.ts'))) {
    const compilerOptions = {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
    };
    const { outputText } = ts.transpileModule(readFileSync(`${root}examples/${file}`, 'utf8'), { compilerOptions });
    writeFileSync(built(basename(file, '.ts')), outputText);
  }
});

describe('the example', () => {
  it('first-param sets a param, receives it, is refused and continues', async () => {
    const lines = (await run(process.execPath, [built('first-param')])).trimEnd().split('\n');
    expect(lines).toEqual([
      '/lights/1/dim is now 0.25',
      '/lights/3/dim is now 0.75',
      'stored as revision 1',
      'refused: ClaspError: Parameter is locked',
      'after a restart: 0.75',
    ]);
  });

  it('two-transports receives over one transport and sends over the other', async () => {
    const lines = (await run(process.execPath, [built('two-transports')])).trimEnd().split('\n');
    expect(lines).toEqual(expect.arrayContaining(['tablet has come by websocket', 'dimmer has come by tcp']));
    expect(lines).toContain('dimmer: /lights/3/dim is 0.5');
    expect(lines).toContain('router: param at /lights/3/dim');
    expect(lines).toEqual(expect.arrayContaining(['tablet has gone', 'dimmer has gone']));
  });

  it('kiosk-machine wakes for a visitor, and returns to its first state', async () => {
    const kiosk = spawn(process.execPath, [built('kiosk-machine')], {
      cwd: root,
      env: { ...process.env, PORT: '0', IDLE_MS: '300' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => kiosk.once('exit', resolve));
    let output = '';
    kiosk.stdout.on('data', (data) => (output += String(data)));
    const says = async (text: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const match = text.exec(output);
        if (match !== null) return match;
        await new Promise((resolve) => kiosk.stdout.once('data', resolve));
      }
    };
    const [, port] = await says(/listening on ws:\/\/[^:]+:(\d+)/);
    const visitor = await connect(`ws://127.0.0.1:${port!}`, { name: 'visitor' });
    const lights = visitor.signals('/lights/stage/dim', { types: ['param'] });
    await visitor.set('/visitor/fader', 0.5);
    await expect(lights.next()).resolves.toMatchObject({ value: { value: 0.5 } });
    await says(/attract[^]*in use[^]*attract/);
    await expect(visitor.get('/lights/house/dim')).resolves.toMatchObject({ value: 1 });
    kiosk.kill('SIGINT');
    await says(/closed/);
    await expect(ended).resolves.toBe(0);
    await visitor.close();
  });

  const itInBrowser = chromiumPath === undefined ? it.skip : it;
  itInBrowser(`fader-page updates all pages when a phone moves a fader${whyNoBrowser}`, async () => {
    const server = spawn(process.execPath, [built('fader-page')], {
      cwd: root,
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const browser = await chromium.launch({ executablePath: chromiumPath!, args: ['--no-sandbox'] });
    try {
      const [first] = (await nextOutput(server.stdout)).split('\n');
      const page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true });
      const errors: Error[] = [];
      page.on('pageerror', (error) => errors.push(error));
      await page.goto(first!);
      await page.getByText('connected').waitFor();

      const desk = await connect(first!.replace(/^http(.*)\/fader-page.html$/, 'ws$1'));
      const heard = desk.signals('/faders/2', { types: ['param'] });
      const fader = page.getByRole('slider', { name: 'fader 2' });
      await fader.focus();
      await page.keyboard.press('PageUp');
      await expect(heard.next()).resolves.toMatchObject({ value: { address: '/faders/2', value: 0.1 } });
      await desk.set('/faders/2', 0.6);
      await page.locator('.fader:nth-child(2) output', { hasText: '0.60' }).waitFor();
      const width = await page.evaluate('document.documentElement.scrollWidth');
      expect(width).toBeLessThanOrEqual(390);
      expect(errors).toEqual([]);
      await desk.close();
    } finally {
      await browser.close();
      server.kill();
    }
  });
});

function nextOutput(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => stream.once('data', (data) => resolve(String(data))));
}
