import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../src/cli/usage-error.js';
import { readToolRequest } from '../../../src/cli/tool/tool-request.js';

describe('readToolRequest', () => {
  it.each([
    [['set', '/a', '1'], 'set', ['/a', '1'], {}],
    [['set', '/a', '-5'], 'set', ['/a', '-5'], {}],
    [['set', '/a', '-12.5', '--json'], 'set', ['/a', '-12.5'], { json: 'true' }],
    [['set', '--url', 'tcp://h:1', '/a', '-.5'], 'set', ['/a', '-.5'], { url: 'tcp://h:1' }],
    [['set', '/a', '--', '--word'], 'set', ['/a', '--word'], {}],
    [['monitor'], 'monitor', [], {}],
    [
      ['monitor', '--count=3', '/**', '--types', 'param,event'],
      'monitor',
      ['/**'],
      { count: '3', types: 'param,event' },
    ],
    [['decode', '53', '40'], 'decode', ['53', '40'], {}],
  ])('reads %j', (words, command, args, given) => {
    const request = readToolRequest(words);
    expect(request).toMatchObject({ kind: 'run', command, args });
    expect(request.kind === 'run' && Object.fromEntries(request.given)).toEqual(given);
  });

  it.each([['--help'], ['-h']])('returns the help of a command for %s, even if arguments are missing', (flag) => {
    expect(readToolRequest(['set', flag])).toEqual({ kind: 'help', command: 'set' });
  });

  it.each([
    [['moniter'], 'unknown command "moniter" (did you mean monitor?); see clasp-router --help'],
    [['tokn'], 'unknown command "tokn" (did you mean token?); see clasp-router --help'],
    [['toString'], 'unknown command "toString"; see clasp-router --help'],
    [['publish'], 'unknown command "publish"; see clasp-router --help'],
    [['set', '/a'], 'set needs VALUE; see clasp-router set --help'],
    [['set'], 'set needs ADDRESS; see clasp-router set --help'],
    [['decode'], 'decode needs HEX; see clasp-router decode --help'],
    [
      ['set', '/a', 'two', 'words'],
      'unexpected argument "words"; quote an argument with spaces, see clasp-router set --help',
    ],
    [['get', '/a', '--jsn'], 'unknown option --jsn (did you mean --json?); see clasp-router get --help'],
    [['get', '/a', '--count', '1'], 'unknown option --count; see clasp-router get --help'],
    [['decode', '53', '--url', 'x'], 'unknown option --url; see clasp-router decode --help'],
    [['get', '/a', '-x'], 'unknown option -x; see clasp-router get --help'],
    [['get', '/a', '--constructor'], 'unknown option --constructor; see clasp-router get --help'],
    [['get', '/a', '--url'], '--url needs a value; see clasp-router get --help'],
    [['get', '/a', '--json=yes'], '--json takes no value'],
  ])('rejects %j with a sentence', (words, sentence) => {
    expect(() => readToolRequest(words)).toThrow(new UsageError(sentence));
  });
});
