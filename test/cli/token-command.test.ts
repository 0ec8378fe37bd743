import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { AuthError } from '../../src/auth/index.js';
import { UsageError } from '../../src/cli/usage-error.js';
import { tokenCommand } from '../../src/cli/token-command.js';
import { readTokenRequest, tokenCommands } from '../../src/cli/token-request.js';
import { TemporaryFolder } from '../certificates/temporary-folder.js';

/** 2027-01-15 08:00:00 UTC. */
const NOW_SECONDS = 1_800_000_000;

let folder: TemporaryFolder;
beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(() => {
  folder.remove();
});

interface Output {
  stdout: string;
  stderr: string;
}

/** Runs the command with the folder of the test. */
async function run(args: readonly string[], nowSeconds = NOW_SECONDS): Promise<Output> {
  const output = { stdout: '', stderr: '' };
  await tokenCommand(args, {
    platform: 'linux',
    environment: { CLASP_DATA_DIR: folder.path },
    stdout: (text) => (output.stdout += text),
    stderr: (text) => (output.stderr += text),
    nowSeconds,
  });
  return output;
}

describe('clasp-router token create', () => {
  it('prints only the token to stdout, and all other text to stderr', async () => {
    const { stdout, stderr } = await run(['create', '--scopes', 'r:/lights/**, w:/lights/1/*', '--subject', 'desk']);
    expect(stdout).toMatch(/^cpsk_[0-9a-f]{32}\n$/);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^token [0-9a-f]{12} for desk: read:\/lights\/\*\*, write:\/lights\/1\/\*; ends 2027-02-14 08:00 UTC$/,
      ),
      'The token is shown only once: the router stores only a hash of it.',
      '',
    ]);
    expect(readFileSync(folder.at('tokens.json'), 'utf8')).not.toContain(stdout.trim());
    expect(stderr).not.toContain(stdout.trim());
  });

  it('prints JSON with --json', async () => {
    const { stdout, stderr } = await run(['create', '--scopes=admin:/**', '--ttl', 'never', '--json']);
    expect(JSON.parse(stdout)).toEqual({
      token: expect.stringMatching(/^cpsk_[0-9a-f]{32}$/),
      id: expect.stringMatching(/^[0-9a-f]{12}$/),
      subject: null,
      scopes: ['admin:/**'],
      created: '2027-01-15T08:00:00.000Z',
      expires: null,
    });
    expect(stderr).toContain('never ends\nThe token is shown only once');
  });

  it('stores each bound on writes', async () => {
    const { stdout, stderr } = await run([
      ...['create', '--scopes', 'w:/**', '--json', '--ttl', 'never'],
      ...['--constraint', '/lights/**:range=0..1,rate=30', '--constraint=/sound/*:range=-60..0'],
    ]);
    expect(stderr).toMatch(
      /: write:\/\*\*; bounded by \/lights\/\*\*:range=0\.\.1,rate=30 and \/sound\/\*:range=-60\.\.0; never ends\n/,
    );
    const constraints = [
      { pattern: '/lights/**', range: [0, 1], maxRate: 30 },
      { pattern: '/sound/*', range: [-60, 0] },
    ];
    expect(JSON.parse(stdout)).toMatchObject({ constraints });
    expect(JSON.parse((await run(['list', '--json'])).stdout)).toMatchObject([{ constraints }]);
    expect((await run(['list'])).stdout).toContain('write:/**  /lights/**:range=0..1,rate=30 /sound/*:range=-60..0\n');
  });

  it.each([
    ['45s', '2027-01-15T08:00:45.000Z'],
    ['90m', '2027-01-15T09:30:00.000Z'],
    ['12h', '2027-01-15T20:00:00.000Z'],
    ['1d', '2027-01-16T08:00:00.000Z'],
    ['2w', '2027-01-29T08:00:00.000Z'],
    ['36500d', '2126-12-22T08:00:00.000Z'],
  ])('accepts a validity of %s', async (ttl, expires) => {
    const { stdout } = await run(['create', '--scopes', 'read:/a', '--ttl', ttl, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ expires });
  });
});

describe('clasp-router token list and revoke', () => {
  it('list tokens and revoke one', async () => {
    await run(['create', '--scopes', 'read:/lights/**,write:/a', '--subject', 'desk']);
    await run(['create', '--scopes', 'read:/a', '--ttl', '1h']);
    await run(['create', '--scopes', 'read:/b', '--ttl', 'never']);
    const { stdout } = await run(['list'], NOW_SECONDS + 3_600);
    expect(stdout.replace(/^[0-9a-f]{12}/gm, '<id>')).toBe(
      [
        'ID            SUBJECT  END                         SCOPES                     BOUNDS',
        '<id>  desk     ends 2027-02-14 08:00 UTC   read:/lights/**, write:/a  -',
        '<id>  -        ended 2027-01-15 09:00 UTC  read:/a                    -',
        '<id>  -        never ends                  read:/b                    -',
        '',
      ].join('\n'),
    );
    const listed = JSON.parse((await run(['list', '--json'])).stdout) as { id: string; subject: string | null }[];
    expect(listed.map(({ subject }) => subject)).toEqual(['desk', null, null]);
    const { stderr } = await run(['revoke', listed[0]!.id]);
    expect(stderr).toMatch(/^token [0-9a-f]{12} is revoked; a running router closes its sessions/);
    expect((await run(['list'])).stdout).not.toContain('desk');
    await expect(run(['revoke', listed[0]!.id])).rejects.toThrow(
      new UsageError(`no token ${listed[0]!.id} in ${folder.path}; clasp-router token list shows all tokens`),
    );
  });

  it('report that no token exists', async () => {
    const { stdout, stderr } = await run(['list']);
    expect(stdout).toBe('');
    expect(stderr).toBe(`no tokens in ${folder.path}; clasp-router token create makes one\n`);
    expect((await run(['list', '--json'])).stdout).toBe('[]\n');
  });

  it.each([['list'], ['create', '--scopes', 'read:/a'], ['revoke', 'abc']])(
    'do not change an invalid file: %s',
    async (...args) => {
      writeFileSync(folder.at('tokens.json'), 'half a fi');
      await expect(run(args)).rejects.toThrow(AuthError);
      expect(readFileSync(folder.at('tokens.json'), 'utf8')).toBe('half a fi');
    },
  );
});

describe('the folder of the tokens', () => {
  it('is that of the command line, else of the environment, else the default', () => {
    const folderOf = (args: string[], environment: Record<string, string>): unknown =>
      readTokenRequest(['list', ...args], environment);
    expect(folderOf(['--data-dir', '/a'], { CLASP_DATA_DIR: '/b' })).toMatchObject({ dataDir: '/a' });
    expect(folderOf([], { CLASP_DATA_DIR: '/b' })).toMatchObject({ dataDir: '/b' });
    for (const none of ['', 'off'])
      expect(folderOf([], { CLASP_DATA_DIR: none })).toMatchObject({ dataDir: undefined });
  });
});

describe('a mistake', () => {
  it.each([
    [[], 'token needs a command: create, list or revoke; see clasp-router token -h'],
    [['lst'], 'unknown command token lst (did you mean list?)'],
    [['constructor'], 'unknown command token constructor'],
    [['create'], 'token create needs --scopes, such as "read:/lights/**,write:/lights/1/*"'],
    [['create', '--scopes', 'own:/a'], '--scopes: invalid scope "own:/a": its action is not read, write or admin'],
    [
      ['create', '--scopes', ''],
      '--scopes: invalid scope "": it is not an action and a pattern such as "read:/lights/**"',
    ],
    [
      ['create', '--scope', 'r:/a'],
      'unknown option --scope (did you mean --scopes?); see clasp-router token create --help',
    ],
    [['create', '--constructor'], 'unknown option --constructor; see clasp-router token create --help'],
    [['create', '--scopes'], '--scopes needs a value; see clasp-router token create --help'],
    [
      ['create', '--scopes', 'w:/a', '--constraint'],
      '--constraint needs a value; see clasp-router token create --help',
    ],
    [
      ['create', '--scopes', 'w:/a', '--constraint', '/a:rate=1', '--constraint', '/a:rate=0'],
      '--constraint "/a:rate=0": its rate is not a number of writes per second above 0, such as 30',
    ],
    [['create', '--json=1'], '--json takes no value'],
    [['create', 'x', '--scopes', 'r:/a'], 'unexpected argument "x"; see clasp-router token create --help'],
    [['create', '--scopes', 'r:/a', '--subject', ''], '--subject must be a name of 1 to 255 characters in one line'],
    [
      ['create', '--scopes', 'r:/a', '--subject', 'a\nb'],
      '--subject must be a name of 1 to 255 characters in one line',
    ],
    [['list', 'x'], 'unexpected argument "x"; see clasp-router token list --help'],
    [['revoke'], 'token revoke needs the ID of a token; clasp-router token list shows them'],
    [['revoke', ''], 'token revoke needs the ID of a token; clasp-router token list shows them'],
    [
      ['revoke', 'a', 'b'],
      'unexpected argument "b"; quote an argument with spaces, see clasp-router token revoke --help',
    ],
    [['revoke', 'a', '--json'], 'unknown option --json; see clasp-router token revoke --help'],
  ])('in %j causes one sentence', (args, sentence) => {
    expect(() => readTokenRequest(args, {})).toThrow(new UsageError(sentence));
  });

  it.each(['30', '', '0d', '-1d', '1.5h', '30 d', '30D', '36501d', '1y', 'Never', '99999999999999999999d'])(
    'in a time causes one sentence: %j',
    (ttl) => {
      expect(() => readTokenRequest(['create', '--scopes', 'r:/a', '--ttl', ttl], {})).toThrow(
        new UsageError(
          `--ttl must be a time such as 90m, 12h, 30d or 2w, a hundred years at most, or never; not "${ttl}"`,
        ),
      );
    },
  );
});

describe('a token on the command line', () => {
  const token = 'cpsk_0123456789abcdef0123456789abcdef';
  it.each([[token], ['revoke', token], ['list', token], ['create', '--scopes', token], ['create', `--${token}`]])(
    'is not printed: %s %s',
    (...args) => {
      expect(() => readTokenRequest(args, {})).toThrow(
        new UsageError('give the ID of a token, not the token; clasp-router token list shows the IDs'),
      );
    },
  );
});

describe('the help', () => {
  it.each([['-h'], ['--help']])('lists every command and option: %s', async (flag) => {
    const { stdout } = await run([flag]);
    for (const [name, { options }] of Object.entries(tokenCommands)) {
      expect(stdout).toContain(`clasp-router token ${name}`);
      for (const option of Object.keys(options)) expect(stdout).toContain(`--${option}`);
    }
  });

  it('of one command describes only that command', async () => {
    const { stdout } = await run(['revoke', '--help']);
    expect(stdout).toContain('clasp-router token revoke ID [options]\n');
    expect(stdout).not.toContain('token create');
    expect(readTokenRequest(['create', '-h'], {})).toEqual({ kind: 'help', command: 'create' });
  });
});
