import { describe, expect, it } from '@jest/globals';
import { peerText, printable, printableError } from '../../src/util/printable-text.js';

describe('printable', () => {
  it.each([
    ['/lights/3/dim "ä 💡"', '/lights/3/dim "ä 💡"'],
    ['\u001b[2J', '\\u001b[2J'],
    ['a\nb\r\t', 'a\\u000ab\\u000d\\u0009'],
    ['\u009b31m\u007f', '\\u009b31m\\u007f'],
    ['\u202egnp.exe', '\\u202egnp.exe'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['\u2028', '\\u2028'],
    ['\u{e0001}', '\\udb40\\udc01'],
  ])('escapes %j for a terminal', (text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printable(shown)).toBe(shown);
  });
});

describe('peerText', () => {
  it('keeps a text of up to 100 characters', () => {
    expect(peerText('x'.repeat(100))).toBe('x'.repeat(100));
  });

  it('truncates a longer text to 100 characters, the last of which is an ellipsis', () => {
    expect(peerText('x'.repeat(60_000))).toBe(`${'x'.repeat(99)}…`);
    expect(peerText('\u001b'.repeat(60_000))).toHaveLength(100);
  });

  it('splits no surrogate pair', () => {
    expect(peerText(`${'x'.repeat(98)}💡💡`)).toBe(`${'x'.repeat(98)}…`);
  });
});

describe('printableError', () => {
  it('returns a printable error as it is', () => {
    const error = new TypeError('plain', { cause: new Error('plain too') });
    expect(printableError(error)).toBe(error);
  });

  it('escapes the message of an error and of its cause, in the stack too, and keeps class, code and stack', () => {
    const cause = new RangeError('\u001b[2J');
    const error = Object.assign(new TypeError('bad name x\n[12:00:00] ERROR: forged', { cause }), { code: 'E1' });
    const shown = printableError(error);
    expect(shown).toBeInstanceOf(TypeError);
    expect(shown).toMatchObject({ message: 'bad name x\\u000a[12:00:00] ERROR: forged', code: 'E1' });
    expect(shown.cause).toMatchObject({ message: '\\u001b[2J' });
    const lines = shown.stack!.split('\n');
    expect(lines[0]).toBe('TypeError: bad name x\\u000a[12:00:00] ERROR: forged');
    expect(lines.slice(1).every((line) => /^ {4}at /.test(line))).toBe(true);
  });
});
