import { describe, expect, it } from '@jest/globals';
import { Output } from '../../../src/cli/tool/output.js';

describe('Output', () => {
  it('ends each line, and prints a repeated sentence only once', () => {
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

  it('prints a result completely, and truncates a sentence that quotes a peer', () => {
    const written: string[] = [];
    const output = new Output({
      stdout: (text) => (written.push(text), undefined),
      stderr: (text) => written.push(text),
    });
    void output.print('x'.repeat(5_000));
    output.say(`ERROR 403 Refused: ${'x'.repeat(60_000)}`);
    expect(written.map(({ length }) => length)).toEqual([5_001, 'clasp-router: '.length + 400 + 1]);
  });
});
