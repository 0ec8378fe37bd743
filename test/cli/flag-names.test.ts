import { describe, expect, it } from '@jest/globals';
import { describeFlag, errorInFlags, inFlags, loggerInFlags } from '../../src/cli/flag-names.js';
import { isPlain } from '../../src/cli/plain-errors.js';
import { UsageError } from '../../src/cli/usage-error.js';
import { listenError } from '../../src/net/listen-error.js';
import { RouterOptionsError } from '../../src/router/options.js';

const inUse = (): Error => listenError({ code: 'EADDRINUSE' }, '0.0.0.0', 7330);

describe('a text of the library', () => {
  it.each([
    ['choose another with the option port', 'choose another with --port'],
    [
      'the option certPath needs the certificate, and the option keyPath the key',
      '--cert needs the certificate, and --key the key',
    ],
    ['the limit is the option maxMessagesPerSecond', 'the limit is --max-messages-per-second'],
    ['the option maxSubscriptionsPerSession', '--max-subscriptions'],
    ['the option isRemote allows others', '--inspect-remote allows others'],
    ['the option conflictRules', 'the option conflictRules'],
    ['the option toString', 'the option toString'],
    ['another port', 'another port'],
  ])('names the flags: %s', (text, expected) => {
    expect(inFlags(text)).toBe(expected);
  });

  it('names the flag of its transport', () => {
    expect(inFlags('the option port, the option host', new Map([['port', 'tcp-port']]))).toBe('--tcp-port, --host');
  });

  it('names the flags in the log', () => {
    const lines: string[] = [];
    const log = (_: object, message: string): void => void lines.push(message);
    loggerInFlags({ debug: log, info: log, warn: log, error: log }).warn({}, 'the option allowHosts allows one');
    expect(lines).toEqual(['--allow-host allows one']);
  });
});

describe('an option', () => {
  it('is described by its flag, or as an option if it has none', () => {
    expect(['allowHosts', 'allowedOrigins', 'isRemote', 'statusPage'].map(describeFlag)).toEqual([
      '--allow-host',
      '--allow-origin',
      '--inspect-remote',
      'the option statusPage',
    ]);
  });
});

describe('an error of the library', () => {
  it('becomes a user error with the names of flags', () => {
    const error = errorInFlags(inUse(), new Map([['port', 'udp-port']]));
    expect(error).toEqual(
      new UsageError('port 7330 is already in use; stop the other program or choose another with --udp-port'),
    );
    expect((error as Error).cause).toMatchObject({ code: 'CLASP_ERR_TRANSPORT' });
  });

  it('is unchanged if it names no option, or if it is internal', () => {
    for (const error of [
      new RouterOptionsError('unknown option "x"'),
      new Error('the option port'),
      'the option port',
    ]) {
      expect(errorInFlags(error)).toBe(error);
    }
  });

  it('is for the user by its code, whatever its class is', () => {
    expect(isPlain(Object.assign(new Error('text'), { code: 'CLASP_ERR_AUTH' }))).toBe(true);
    expect(isPlain(new UsageError('text'))).toBe(true);
    expect(isPlain(Object.assign(new Error('text'), { name: 'UsageError' }))).toBe(false);
    expect(isPlain(Object.assign(new Error('text'), { code: 'ENOENT' }))).toBe(false);
  });
});
