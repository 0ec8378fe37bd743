import { describe, expect, it } from '@jest/globals';
import { blocksOf, programFile, runProgram } from '../support/page-programs.js';

/** Runs a program of a page that starts a router, on any free port of this computer. @returns its output */
function run(page: string, language: string, end: string): Promise<string> {
  const program = blocksOf(page).find((block) => block.language === language && block.text.includes('createRouter('));
  const local = program!.text.replace(/webSocket\((\{ port: 7330 \})?\)/, `webSocket({ host: '127.0.0.1', port: 0 })`);
  expect(local).not.toBe(program!.text);
  return runProgram(programFile('embedding.mjs', local + end));
}

describe('the README', () => {
  it('embeds a router in a program that runs, and receives the param that it sets', async () => {
    // The second subscription gets its snapshot after the first one.
    const end = `await (await import('rxjs')).firstValueFrom(router.signals$('/lights/**')); await router.stop();`;
    const output = await run('README.md', 'js', end);
    expect(output).toContain("transport: 'websocket'");
    expect(output).toMatch(/^\/lights\/3\/dim$/m);
  });
});

describe('docs/how-to/embedding.md', () => {
  it('embeds a router in a program that runs, and reports its session', async () => {
    const output = await run('docs/how-to/embedding.md', 'ts', 'await router.stop();');
    expect(output).toBe('show control is here\n');
  });
});

describe('docs/reference/client.md', () => {
  it('shows a client that receives what it sets', async () => {
    const router = `import { createRouter, webSocket } from 'clasp-router';
      const router = createRouter({ transports: [webSocket({ host: '127.0.0.1', port: 0 })] });
      const [{ url }] = await router.start();\n`;
    const [client] = blocksOf('docs/reference/client.md').filter(({ text }) => text.includes('connect('));
    const program = router + client!.text.replace(`'ws://localhost:7330'`, 'url');
    const path = programFile('client-page.mjs', `${program}await client.close(); await router.stop();`);
    expect(await runProgram(path)).toBe('/lights/3/dim 0.75\n');
  });
});
