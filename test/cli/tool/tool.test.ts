import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { helpText } from '../../../src/cli/help.js';
import { commandOf, commands, isCommandName } from '../../../src/cli/tool/commands.js';
import { ExitCode } from '../../../src/cli/tool/failure.js';
import { options } from '../../../src/cli/tool/options.js';
import { runHere } from './run-here.js';

const names = Object.keys(commands).filter(isCommandName);

describe('the help', () => {
  it('of the router lists every command', () => {
    for (const name of names) expect(helpText()).toContain(`\n  ${[name, ...commandOf(name).parameters].join(' ')}  `);
    expect(helpText()).toContain('\n  token create|list|revoke  ');
  });

  it.each(names)('of %s lists its options and no others', async (name) => {
    const { stdout, exitCode } = await runHere([name, '--help']);
    expect(exitCode).toBe(0);
    const named = [...stdout.matchAll(/^ +--([\w-]+)/gm)].map(([, option]) => option);
    expect(named).toEqual(commandOf(name).options);
  });

  it('is never wider than that of the router', async () => {
    const widest = Math.max(
      ...helpText()
        .split('\n')
        .map((line) => line.length),
    );
    for (const name of names) {
      for (const line of (await runHere([name, '--help'])).stdout.split('\n'))
        expect(line.length).toBeLessThanOrEqual(widest);
    }
  });

  it('recommends the environment for tokens, and explains a word without quotes', async () => {
    expect((await runHere(['get', '--help'])).stdout).toMatch(/--token TOKEN .*prefer CLASP_TOKEN/);
    expect((await runHere(['set', '--help'])).stdout).toContain('A word that is not JSON is a string');
  });
});

describe('docs/reference/tool.md', () => {
  const page = readFileSync(new URL('../../../docs/reference/tool.md', import.meta.url), 'utf8');

  it('lists every command, every option and every exit code', () => {
    for (const name of names) expect(page).toContain(`\`${[name, ...commandOf(name).parameters].join(' ')}\``);
    for (const option of Object.keys(options)) expect(page).toContain(`\`--${option}`);
    for (const code of Object.values(ExitCode)) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});

describe('a mistake', () => {
  it.each([
    [['get', 'lights'], 'invalid address: it does not start with "/": "lights"'],
    [['set', '/a/*', '1'], 'invalid address: an address must not contain "*": "/a/*"'],
    [['emit', '/a//b'], 'invalid address: it has an empty segment: "/a//b"'],
    [['monitor', 'a/**'], 'invalid pattern: it does not start with "/": "a/**"'],
    [['query', ''], 'invalid pattern: it is empty: ""'],
    [['set', '/a', '.5'], `VALUE is not a JSON number; write 0.5, or '".5"' for a string`],
    [['get', '/a', '--url', 'localhost'], '--url: "localhost" is not a URL'],
    [
      ['get', '/a', '--url', 'http://localhost'],
      '--url: "http://localhost" is not the URL of a router; it must start with ws:, wss:, tcp:, tls:, unix:, udp: or quic:',
    ],
    [['get', '/a', '--url', 'tcp://localhost'], '--url: "tcp://localhost" is incomplete; write host:port after the //'],
    [
      ['get', '/a', '--url', 'tcp://localhost:1', '--encoding', 'json'],
      '--encoding json needs a WebSocket (ws: or wss:), not tcp://localhost:1',
    ],
    [['get', '/a', '--ca', 'nowhere.pem'], '--ca: cannot read nowhere.pem (ENOENT)'],
    [['get', '/a', '--ca', 'package.json'], '--ca: package.json is not a PEM certificate'],
    [['monitor', '--types', 'cue'], '--types must be one of param, event, stream, gesture, timeline, not "cue"'],
  ])('is reported without a router: %j', async (args, sentence) => {
    expect(await runHere(args, { CLASP_TIMEOUT: '0.01' })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `clasp-router: ${sentence}\n`,
    });
  });

  it('in the environment is reported with the name of the variable', async () => {
    const { exitCode, stderr } = await runHere(['get', '/a'], { CLASP_URL: 'ftp://x' });
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/^clasp-router: CLASP_URL: "ftp:\/\/x" is not the URL of a router/),
    ]);
  });
});
