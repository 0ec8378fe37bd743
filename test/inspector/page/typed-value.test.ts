import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/inspector/feed.js';
import { isFader, readJson, readTyped, typedText } from '../../../src/inspector/page/typed-value.js';

describe('a typed value', () => {
  it.each<readonly [string, string, Json]>([
    ['float', ' 0.75 ', 0.75],
    ['float', '1', 1],
    ['int', '42', { $int: '42' }],
    ['int', '+9223372036854775807', { $int: '9223372036854775807' }],
    ['float', '9007199254740991', 2 ** 53 - 1],
    ['float', '9007199254740994', 2 ** 53 + 2],
    ['float', '1152921504606847000', 2 ** 60],
    ['float', '+1e20', 1e20],
    ['string', ' as it is ', ' as it is '],
    ['null', '9007199254740993', { $int: '9007199254740993' }],
    ['null', '-9223372036854775808', { $int: '-9223372036854775808' }],
    ['list', '[9007199254740993, 9007199254740991, 1e17]', [{ $int: '9007199254740993' }, 2 ** 53 - 1, 1e17]],
    ['map', '{"9007199254740993": "9007199254740993 \\" 1e999"}', { '9007199254740993': '9007199254740993 " 1e999' }],
    ['list', '[1, {"$int": "2"}]', [1, { $int: '2' }]],
    ['null', 'true', true],
  ])('of a %s, %j, is sent as %j', (kind, text, value) => {
    expect(readTyped(kind, text)).toEqual({ ok: true, value });
  });

  it.each([
    ['float', ''],
    ['float', 'Infinity'],
    ['float', '1e999'],
    ['float', '9007199254740993'],
    ['float', '1'.repeat(400)],
    ['float', '1,5'],
    ['int', '1.5'],
    ['int', '9223372036854775808'],
    ['int', '1'.repeat(400)],
    ['map', '{a: 1}'],
    ['map', '{"a": 1e999}'],
    ['null', '-1e999'],
    ['list', '[9223372036854775808]'],
  ])('of a %s, %j, is rejected with a sentence', (kind, text) => {
    const typed = readTyped(kind, text);
    expect(typed).toEqual({ ok: false, problem: expect.stringMatching(/^This .+\.$/) });
  });

  it.each([
    ['float', '9007199254740993', 'This number would be rounded: a Float holds 9007199254740992.'],
    ['float', '1e999', 'This number is beyond the range of a Float.'],
    ['map', '{"a": 1e999}', 'This number is beyond the range of a Float.'],
    ['list', '[9223372036854775808]', 'This number does not fit into 64 bits.'],
  ])('of a %s, %j, is rejected because %s', (kind, text, problem) => {
    expect(readTyped(kind, text)).toEqual({ ok: false, problem });
  });

  it('of an event can be empty', () => expect(readJson(' ')).toEqual({ ok: true, value: undefined }));

  it.each<readonly [string, Json]>([
    ['float', 0.1 + 0.2],
    ['int', { $int: '-5' }],
    ['string', 'a "b"'],
    ['bool', true],
    ['list', [1, 2]],
    ['list', [2 ** 60, 1e17, -1e21, 0.1]],
    ['map', { a: { $int: '1' } }],
    ['bytes', { $bytes: 'AA==' }],
  ])('of a %s is unchanged if it is not edited', (kind, value) => {
    expect(readTyped(kind, typedText(kind, value))).toEqual({ ok: true, value });
  });

  it('has a fader only if it is a Float from 0 to 1', () => {
    expect([isFader('float', 0), isFader('float', 1)]).toEqual([true, true]);
    expect([isFader('float', 1.01), isFader('float', -0.1), isFader('int', { $int: '1' })]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
