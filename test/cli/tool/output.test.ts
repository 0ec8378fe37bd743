import { describe, expect, it } from '@jest/globals';
import { Output, printable } from '../../../src/cli/tool/output.js';

describe('printable', () => {
  it.each([
    ['/lights/3/dim "ä 💡"', '/lights/3/dim "ä 💡"'],
    ['\u001b[2J', '\\u001b[2J'],
    ['a\nb\r\t', 'a\\u000ab\\u000d\\u0009'],
    ['\u009b31m\u007f', '\\u009b31m\\u007f'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\u2028', '\\u2028'],
    ['\u{e0001}', '\\udb40\\udc01'],
  ])('lets %j do nothing to a terminal', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});

describe('Output', () => {
  it('ends each line, and says the same only once in a row', () => {
    const written: string[] = [];
    const output = new Output({
      stdout: (text) => {
        written.push(`out ${text}`);
        return undefined;
      },
      stderr: (text) => written.push(`err ${text}`),
    });
    void output.print('a\u001b');
    for (const sentence of ['x', 'x', 'y\u001b', 'x']) output.say(sentence);
    expect(written).toEqual([
      'out a\\u001b\n',
      'err clasp-router: x\n',
      'err clasp-router: y\\u001b\n',
      'err clasp-router: x\n',
    ]);
  });
});
