import { describe, expect, it } from '@jest/globals';
import { helpText } from '../src/cli/help.js';
import { tokenCommand } from '../src/cli/token-command.js';
import { commands, isCommandName } from '../src/cli/tool/commands.js';
import { toolHelp } from '../src/cli/tool/tool-help.js';
import { type Exception, hitsIn, proseFiles, unexcused, unusedExceptions } from './support/prose.js';

/** Folders and files in plain technical English. This list only grows. `--help` stands for the help texts. */
const converted: readonly string[] = [
  // Core, actors and utilities; test support.
  'src/actors',
  'src/core',
  'src/index.ts',
  'src/util',
  'src/util-node',
  'test/actors',
  'test/architecture.test.ts',
  'test/bench',
  'test/core',
  'test/docs',
  'test/prose.test.ts',
  'test/support',
  'test/typecheck.test.ts',
  'test/util',
  'test/util-node',
  'test/vectors',
  // Protocol, transports, clients.
  'src/protocol',
  'test/protocol',
  'src/net',
  'test/net',
  'src/http',
  'test/http',
  'src/transports',
  'test/transports',
  'src/client',
  'test/client',
  'src/signals',
  'test/signals',
  // Pages, command, composition.
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'README.md',
  'SECURITY.md',
  'docs',
  'src/cli',
  'test/cli',
  '--help',
  'src/router',
  'test/router',
  'src/embed',
  'test/embed',
  // Inspector, tokens, certificates, health; tests of the whole router; programs beside it.
  'src/inspector',
  'test/inspector',
  'src/auth',
  'test/auth',
  'src/certificates',
  'test/certificates',
  'src/health',
  'src/journal',
  'test/journal',
  'test/health',
  'test/hostile',
  'test/integration',
  'examples/client.mjs',
  'examples/fader-page.ts',
  'examples/first-param.ts',
  'examples/hello.mjs',
  'examples/kiosk-machine.ts',
  'examples/two-transports.ts',
  'scripts',
  'test/attack',
  'test/chaos',
  'test/soak',
  'test/fuzz',
  'bench',
];

/** Expressions with their real meaning, such as "the audience hears". */
const exceptions: readonly Exception[] = [
  // Core, actors and utilities; test support.
  {
    file: 'test/support/router-process.mjs',
    phrase: 'doors',
    reason: 'names of a field and a parameter in JSDoc tags',
  },
  // Protocol, transports, clients.
  // Pages, command, composition.
  // Inspector, tokens, certificates, health; tests of the whole router; programs beside it.
  { file: 'test/fuzz/live/attacker.mjs', phrase: 'doors', reason: 'the name of a member in a JSDoc type' },
];

const phrasesIn = (file: string, text: string): readonly string[] => hitsIn(file, text).map(({ phrase }) => phrase);

describe('prose', () => {
  it('has none of the expressions of the word list in converted folders', () => {
    const hits = converted
      .filter((path) => path !== '--help')
      .flatMap(proseFiles)
      .flatMap((file) => hitsIn(file));
    const found = unexcused(hits, exceptions).map(({ file, line, phrase }) => `${file}:${line}: ${phrase}`);

    expect(found).toEqual([]);
    expect(unusedExceptions(hits, exceptions)).toEqual([]);
  });

  it('has none of the expressions of the word list in the help texts', async () => {
    const texts = [helpText(), ...Object.keys(commands).filter(isCommandName).map(toolHelp)];
    await tokenCommand(['--help'], {
      platform: 'linux',
      environment: {},
      stdout: (text) => texts.push(text),
      stderr: (text) => texts.push(text),
      nowSeconds: 0,
    });

    expect(texts.length).toBe(Object.keys(commands).length + 2);
    expect(converted.includes('--help') ? phrasesIn('--help', texts.join('\n')) : []).toEqual([]);
  });

  it('states a reason for each exception', () => {
    for (const { reason } of exceptions) expect(reason).toMatch(/\w+ \w+/);
  });
});

describe('the word test', () => {
  it.each([
    ['a line comment', 'const a = 1; // nobody\n'],
    ['a block comment', 'function f() {\n  /* nobody */\n}\n'],
    ['a doc comment of a member', 'interface A {\n  /** Nobody. */\n  readonly a: number;\n}\n'],
    ['a comment before a closing brace', 'function f() {\n  g();\n  // nobody\n}\n'],
    ['a comment at the end of a file', 'f();\n// nobody\n'],
    ['a comment after a regular expression', 'f(/[\'"`]/); // nobody\n'],
    ['a comment in a placeholder of a template', 'f(`${/* nobody */ a}`);\n'],
    ['a title of it', "it('asks nobody', () => {});\n"],
    ['a title of describe', 'describe(`nobody`, () => {});\n'],
    ['a title of a table', "it.each([1])('asks nobody about %s', () => {});\n"],
    ['a title with a placeholder', 'it(`asks ${a} and nobody`, () => {});\n'],
  ])('finds an expression in %s', (_place, text) => {
    expect(phrasesIn('a.test.ts', text)).toEqual(['nobody']);
  });

  it.each([
    ['a string', "f('nobody // nobody');\n"],
    ['a template', 'f(`nobody ${a} // nobody`);\n'],
    ['a regular expression', 'f(/nobody/);\n'],
    ['a name', 'const nobody = 1;\n'],
    ['a code span', '// Returns `nobody`.\n'],
    ['a link to a name', '// See {@link A.told}.\n'],
    ['double quotes', '// Returns "nobody\n// at all".\n'],
    ['a placeholder of a title', 'it(`asks ${nobody}`, () => {});\n'],
    ['part of a longer word', '// The outdoors.\n'],
  ])('ignores %s', (_place, text) => {
    expect(phrasesIn('a.test.ts', text)).toEqual([]);
  });

  it('finds expressions on a page, outside of code blocks, code spans, link targets and double quotes', () => {
    const page = [
      '# Nobody',
      '```',
      'whom',
      '```',
      'See [him](him.md), `himself`, "whoever" and /house/door.',
      '- an item',
      '  ```sh',
      '  whom',
      '  ```',
      '  upon "whom',
      '  whom" this',
    ].join('\n');

    expect(hitsIn('a.md', page)).toEqual([
      { file: 'a.md', line: 1, phrase: 'nobody' },
      { file: 'a.md', line: 5, phrase: 'him' },
      { file: 'a.md', line: 5, phrase: 'door' },
      { file: 'a.md', line: 10, phrase: 'upon' },
    ]);
  });

  it('finds an expression that continues on the next line of a comment or page', () => {
    expect(phrasesIn('a.ts', '/**\n * Ends in good\n * order.\n */\n')).toEqual(['in good order']);
    expect(phrasesIn('a.ts', 'f(); // Ends in\n  // good order.\n')).toEqual(['in good order']);
    expect(phrasesIn('a.md', 'Ends in good\norder.\n')).toEqual(['in good order']);
  });

  it('reports the line of each expression', () => {
    const text = "f();\n\n/**\n * A.\n * Nobody.\n */\n// one\n// whom\nit('asks nobody', f);\n";

    expect(hitsIn('a.ts', text).map(({ line, phrase }) => `${line} ${phrase}`)).toEqual([
      '5 nobody',
      '8 whom',
      '9 nobody',
    ]);
  });

  it('allows an expression only in the file and with the words of an exception', () => {
    const reason = 'an audience that hears';
    const hits = hitsIn('a.ts', '// hears, him\n');

    expect(unexcused(hits, [{ file: 'a.ts', phrase: 'hears', reason }])).toEqual([
      { file: 'a.ts', line: 1, phrase: 'him' },
    ]);
    expect(unexcused(hits, [{ file: 'b.ts', phrase: 'hears', reason }])).toHaveLength(2);
  });

  it('names an exception that allows nothing', () => {
    const stale: Exception = { file: 'a.ts', phrase: 'door', reason: 'a door of a house' };

    expect(unusedExceptions(hitsIn('a.ts', '// hears\n'), [stale])).toEqual([stale]);
  });

  it('reads all sources and pages below a folder, and no copy of a specification', () => {
    expect(proseFiles('test/support')).toContain('test/support/prose.ts');
    expect(proseFiles('README.md')).toEqual(['README.md']);
    expect(proseFiles('docs').filter((file) => file.startsWith('docs/spec'))).toEqual([]);
  });
});
