import { describe, expect, it } from '@jest/globals';
import { printableLogger } from '../../src/router/printable-logger.js';
import { recordingLogger } from '../actors/session/recording-logger.js';

describe('a printable logger', () => {
  it('escapes the message, strings, lists of strings and errors, and changes nothing else', () => {
    const inner = recordingLogger();
    const rest = { count: 1, nothing: undefined };
    printableLogger(inner).warn(
      { name: 'x\n', list: ['\u009b'], err: new Error('\u202e'), rest },
      'connection rejected: \u001b[2J',
    );
    expect(inner.lines).toMatchObject([
      {
        level: 'warn',
        message: 'connection rejected: \\u001b[2J',
        fields: { name: 'x\\u000a', list: ['\\u009b'], err: { message: '\\u202e' } },
      },
    ]);
    expect(inner.lines[0]!.fields).toHaveProperty('rest', rest);
  });
});
