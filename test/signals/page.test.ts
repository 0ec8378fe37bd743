import { describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';

const page = readFileSync('docs/how-to/typed-signals.md', 'utf8');
const [, program = ''] = /```ts\n(.*?)```/s.exec(page) ?? [];
const [, printed = ''] = /It prints\n\n```\n(.*?)```/s.exec(page) ?? [];

/** The program as a file in this folder, which the compiler checks too. */
const file = readFileSync('test/signals/page-program.ts', 'utf8');

describe('docs/how-to/typed-signals.md', () => {
  it('starts with the program that is compiled here', () => {
    expect(program.length).toBeGreaterThan(500);
    const local = program
      .replace(`'clasp-router'`, `'../../src/router/create-router.js'`)
      .replace(`'clasp-router/signals'`, `'../../src/signals/index.js'`);
    expect(file).toBe(local);
  });

  it('contains its output', async () => {
    const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    await import('./page-program.js');
    const lines = log.mock.calls.map((words) => words.join(' '));
    log.mockRestore();
    expect(`${lines.join('\n')}\n`).toBe(printed);
  });
});
