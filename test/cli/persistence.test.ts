import { describe, expect, it } from '@jest/globals';
import { type Persistence, persistenceOf } from '../../src/cli/persistence.js';
import { readSettings } from '../../src/cli/settings.js';

function persistence(...args: readonly string[]): Persistence | undefined {
  const request = readSettings(args, {});
  if (request.kind !== 'run') throw new Error('these flags run no router');
  return persistenceOf(request.settings);
}

const everything = [{ pattern: '/**' }];

describe('the flags for params on disk', () => {
  it.each<[string, readonly string[], Persistence | undefined]>([
    ['stores all params under the port by default', [], { instance: '7330', rules: everything, isRequested: false }],
    ['stores them under another port', ['-p', '9000'], { instance: '9000', rules: everything, isRequested: false }],
    ['stores nothing with --no-persist', ['--no-persist'], undefined],
    ['stores nothing on a free port without a data folder', ['--port', '0'], undefined],
    [
      'stores the params of a free port in a given data folder',
      ['--port', '0', '--data-dir', '/data'],
      { instance: 'default', rules: everything, isRequested: false },
    ],
    [
      'relies on the store if a flag asks for it',
      ['--persist', '--instance', 'stage-1'],
      { instance: 'stage-1', rules: everything, isRequested: true },
    ],
    [
      'excludes before it includes',
      ['--persist-only', '/lights/**,/sound/*', '--persist-except', '/lights/test/**'],
      {
        instance: '7330',
        rules: [{ pattern: '/lights/test/**', keep: false }, { pattern: '/lights/**' }, { pattern: '/sound/*' }],
        isRequested: true,
      },
    ],
  ])('%s', (_, args, expected) => {
    expect(persistence(...args)).toEqual(expected);
  });

  it.each([
    [['--no-persist', '--persist'], /--no-persist excludes/],
    [['--no-persist', '--persist-sync', 'always'], /--no-persist excludes/],
    [['--persist', '--port', '0'], /--port 0 needs --data-dir/],
    [['--instance', '../other'], /--instance must be up to 64 letters/],
    [['--instance', '.'], /--instance must be/],
    [['--persist-interval', '0'], /--persist-interval must be a number from 0.1 to 3600, not "0"/],
    [['--persist-sync', 'sometimes'], /--persist-sync must be one of never, interval, always/],
    [['--persist', 'state.json'], /--persist takes no file/],
    [['--persist=state.json'], /--persist takes no file: .*; clasp-router state import FILE reads/],
  ])('refuses %p with one sentence', (args, text) => {
    expect(() => persistence(...args)).toThrow(text);
  });
});
