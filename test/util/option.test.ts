import { describe, expect, it } from '@jest/globals';
import { option, optionFault, resolveOptions, sliceOf } from '../../src/util/option.js';

const slice = {
  size: option.count({ default: 7, doc: 'Size.' }),
  pause: option.seconds({ above: 0, most: 10, default: 1, doc: 'Pause.' }),
  delay: option.milliseconds({ most: 10, default: 1, doc: 'Delay.' }),
  part: option.bytes({ least: 1, most: 9, default: 5, doc: 'Part.' }),
  half: option.bytes({ share: 2, shareAtMost: 100, doc: 'Half.' }),
  mode: option.choice({ values: ['a', 'b'], derived: { text: 'b', of: () => 'b' }, doc: 'Mode.' }),
  kinds: option.list({ values: ['x', 'y'], default: ['x'], defaultText: 'x', doc: 'Kinds.' }),
  label: option.text({ default: 'none', maxLength: 3, doc: 'Label.' }),
  on: option.flag({ default: false, doc: 'On.' }),
  hook: option.optional<() => void>({
    type: '() => void',
    accepts: (value) => typeof value === 'function',
    must: 'be a function',
    defaultText: 'none',
    doc: 'Hook.',
  }),
  list: option.converted<string, readonly string[]>({
    type: 'string',
    accepts: (value) => typeof value === 'string',
    must: 'be a text',
    read: (text) => text.split(' '),
    default: [],
    defaultText: 'none',
    doc: 'List.',
  }),
};
const facts = { maxMemoryBytes: 150, isAuthenticated: false };

describe('resolveOptions', () => {
  it('adds the default of each missing option', () => {
    expect(resolveOptions(slice, { size: undefined }, facts)).toEqual({
      size: 7,
      pause: 1,
      delay: 1,
      part: 5,
      half: 75,
      mode: 'b',
      kinds: ['x'],
      label: 'none',
      on: false,
      hook: undefined,
      list: [],
    });
  });

  it('limits a share', () => {
    expect(resolveOptions(slice, {}, { ...facts, maxMemoryBytes: 1_000 }).half).toBe(100);
  });

  it('keeps given values, and converts those with an internal form', () => {
    expect(resolveOptions(slice, { size: 0, mode: 'a', list: 'p q' }, facts)).toMatchObject({
      size: 0,
      mode: 'a',
      list: ['p', 'q'],
    });
  });
});

describe('sliceOf', () => {
  it('returns only the options of the slice', () => {
    const values = resolveOptions(slice, {}, facts);
    expect(sliceOf({ size: slice.size }, values)).toEqual({ size: 7 });
  });
});

describe('optionFault', () => {
  it('is undefined for the options of the slice', () => {
    expect(optionFault(slice, { size: 1, pause: 0.5, kinds: [], on: true, hook: undefined })).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [null, 'the options must be an object'],
    [[], 'the options must be an object'],
    [{ siz: 1 }, 'unknown option "siz"; did you mean "size"?'],
    [{ toString: 1 }, 'unknown option "toString"'],
    [{ size: 1.5 }, 'size must be a whole number of at least 0, not 1.5'],
    [{ size: NaN }, 'size must be a whole number of at least 0, not NaN'],
    [{ pause: 0 }, 'pause must be a number of seconds above 0 and at most 10, not 0'],
    [{ delay: 11 }, 'delay must be a number of milliseconds from 0 to 10, not 11'],
    [{ part: 10 }, 'part must be a whole number of bytes from 1 to 9, not 10'],
    [{ mode: 'c' }, 'mode must be "a" or "b", not "c"'],
    [{ kinds: ['z'] }, 'kinds must be a list of x, y, not ["z"]'],
    [{ label: '' }, 'label must be a text of 1 to 3 characters, not ""'],
    [{ label: 'long' }, 'label must be a text of 1 to 3 characters, not "long"'],
    [{ on: 1 }, 'on must be true or false, not 1'],
    [{ hook: 1 }, 'hook must be a function, not 1'],
  ])('states the mistake in %j in one sentence', (given, sentence) => {
    expect(optionFault(slice, given)).toBe(sentence);
  });
});
