import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../../../src/cli/usage-error.js';
import { OptionValues } from '../../../src/cli/tool/option-values.js';
import type { OptionName } from '../../../src/cli/tool/options.js';

function values(given: Partial<Record<OptionName, string>>, environment: Record<string, string> = {}): OptionValues {
  return new OptionValues(new Map(Object.entries(given)) as Map<OptionName, string>, environment);
}

describe('OptionValues', () => {
  it('has defaults for missing options', () => {
    const { url, timeoutMs, encoding, token, types, count, asJson, caFile, servername } = values({});
    expect({ url: url.text, timeoutMs, encoding, token, types, count, asJson, caFile, servername }).toEqual({
      url: 'ws://127.0.0.1:7330',
      timeoutMs: 5_000,
      encoding: 'binary',
      asJson: false,
    });
  });

  it('uses the command line, else the environment, if the option permits it', () => {
    const environment = {
      CLASP_URL: 'tcp://b:1',
      CLASP_TOKEN: 'cpsk_b',
      CLASP_TIMEOUT: '9',
      CLASP_COUNT: '2',
      CLASP_CA: '',
    };
    const options = values({ url: 'tcp://a:1', json: '' }, environment);
    expect(options.url).toEqual({ text: 'tcp://a:1', source: '--url' });
    expect(options.token).toBe('cpsk_b');
    expect(options.timeoutMs).toBe(9_000);
    expect(options.asJson).toBe(true);
    expect(options.count).toBeUndefined();
    expect(options.caFile).toBeUndefined();
    expect(values({}, environment).url).toEqual({ text: 'tcp://b:1', source: 'CLASP_URL' });
  });

  it.each([
    ['0.25', 250],
    ['.5', 500],
    ['0.0001', 1],
    ['3600', 3_600_000],
  ])('reads a timeout of %s seconds as %d ms', (timeout, milliseconds) => {
    expect(values({ timeout }).timeoutMs).toBe(milliseconds);
  });

  it('reads a list of kinds', () => {
    expect(values({ types: 'param, event' }).types).toEqual(['param', 'event']);
  });

  it.each<[Partial<Record<OptionName, string>>, keyof OptionValues, string]>([
    [{ timeout: '0' }, 'timeoutMs', '--timeout must be seconds, more than 0 and at most 3600, not "0"'],
    [{ timeout: '3601' }, 'timeoutMs', '--timeout must be seconds, more than 0 and at most 3600, not "3601"'],
    [{ timeout: '5s' }, 'timeoutMs', '--timeout must be seconds, more than 0 and at most 3600, not "5s"'],
    [{ count: '0' }, 'count', '--count must be a whole number, 1 or more, not "0"'],
    [{ count: '1.5' }, 'count', '--count must be a whole number, 1 or more, not "1.5"'],
    [{ types: 'params' }, 'types', '--types must be one of param, event, stream, gesture, timeline, not "params"'],
    [{ types: 'param,' }, 'types', '--types must be one of param, event, stream, gesture, timeline, not ""'],
    [{ encoding: 'xml' }, 'encoding', '--encoding must be one of binary, cbor, json, not "xml"'],
    [{ url: '' }, 'url', '--url must not be empty'],
  ])('rejects %j with a sentence', (given, option, sentence) => {
    expect(() => values(given)[option]).toThrow(new UsageError(sentence));
  });

  it('names the invalid variable', () => {
    expect(() => values({}, { CLASP_TIMEOUT: 'long' }).timeoutMs).toThrow(/^CLASP_TIMEOUT must be seconds/);
  });
});
