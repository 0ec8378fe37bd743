import { describe, expect, it } from '@jest/globals';
import { fieldText, jsonLine, parseValue, valueText } from '../../../src/cli/tool/value-notation.js';
import { UsageError } from '../../../src/cli/usage-error.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import type { Value } from '../../../src/protocol/values/value.js';

describe('parseValue', () => {
  it.each<[string, Value]>([
    ['1', 1n],
    ['-5', -5n],
    ['-0', 0n],
    ['9223372036854775807', 9_223_372_036_854_775_807n],
    ['1.0', 1],
    ['-0.0', -0],
    ['0.5', 0.5],
    ['1e3', 1_000],
    ['2E-1', 0.2],
    [' 7 ', 7n],
    ['true', true],
    ['null', null],
    ['"1"', '1'],
    [String.raw`"a\"1\" 2"`, 'a"1" 2'],
    ['on', 'on'],
    ['hello world', 'hello world'],
    ['12:30', '12:30'],
    ['192.168.0.1', '192.168.0.1'],
    ['True', 'True'],
    ['NaN', 'NaN'],
    ['[1,1.5,"2"]', [1n, 1.5, '2']],
    [
      '{"x":1,"y":{"z":[2.0]}}',
      new Map<string, Value>([
        ['x', 1n],
        ['y', new Map([['z', [2]]])],
      ]),
    ],
    ['{"1":2}', new Map([['1', 2n]])],
    ['{"$int":"5"}', 5n],
    ['{"$float":"NaN"}', NaN],
    ['{"$bytes":"AAE="}', Uint8Array.of(0, 1)],
    ['{"$map":[["$a",1]]}', new Map([['$a', 1n]])],
  ])('parses %s by its notation', (text, value) => {
    expect(parseValue(text)).toEqual(value);
  });

  it.each([
    ['', `VALUE is empty; an empty string is '""'`],
    ['  ', `VALUE is empty; an empty string is '""'`],
    ['{"x":', 'VALUE is not valid JSON; check the quotes of the shell: {"x":'],
    ['{x:1}', 'VALUE is not valid JSON; check the quotes of the shell: {x:1}'],
    ['"open', 'VALUE is not valid JSON; check the quotes of the shell: "open'],
    ['[1,]', 'VALUE is not valid JSON; check the quotes of the shell: [1,]'],
    ['.5', `VALUE is not a JSON number; write 0.5, or '".5"' for a string`],
    ['-.5', `VALUE is not a JSON number; write -0.5, or '"-.5"' for a string`],
    ['5.', `VALUE is not a JSON number; write 5.0, or '"5."' for a string`],
    ['+5', `VALUE is not a JSON number; write 5, or '"+5"' for a string`],
    ['007', `VALUE is not a JSON number; write 7, or '"007"' for a string`],
    ['0x10', `VALUE is not a JSON number; write 16, or '"0x10"' for a string`],
    ['9223372036854775808', 'VALUE: the $int 9223372036854775808 does not fit 64 bits'],
    ['1e999', 'VALUE: 1e999 exceeds the range of a Float'],
    ['{"$bytes":"?"}', 'VALUE: $bytes must be base64 with padding'],
    ['{"$what":1}', 'VALUE: "$what" is not one of $int, $float, $bytes and $map'],
  ])('rejects %j with a sentence', (text, sentence) => {
    expect(() => parseValue(text)).toThrow(new UsageError(sentence));
  });
});

describe('valueText', () => {
  it.each<[Value, string]>([
    [5n, '5'],
    [5, '5.0'],
    [-0, '{"$float":"-0"}'],
    [0.25, '0.25'],
    [1e21, '1e+21'],
    [NaN, '{"$float":"NaN"}'],
    ['{"$int":"5"} 7', String.raw`"{\"$int\":\"5\"} 7"`],
    [[1, 1n, '1'], '[1.0,1,"1"]'],
    [new Map<string, Value>([['a', 1n]]), '{"a":1}'],
    [new Map<string, Value>([['$int', '5']]), '{"$map":[["$int","5"]]}'],
    [Uint8Array.of(255), '{"$bytes":"/w=="}'],
  ])('writes %p as %s', (value, text) => {
    expect(valueText(value)).toBe(text);
  });
});

describe('fieldText', () => {
  it('writes values in the notation and other numbers as they are', () => {
    const message = {
      type: 'set',
      value: encodeValue(1),
      revision: 3,
      at: 2n ** 60n,
      missing: undefined,
      revisions: new Map([['/a', 1]]),
      params: [{ value: encodeValue(2n) }],
      samples: [1, NaN],
    };
    expect(fieldText(message)).toBe(
      '{"type":"set","value":1.0,"revision":3,"at":1152921504606846976,"revisions":{"/a":1},"params":[{"value":2}],' +
        '"samples":[1,{"$float":"NaN"}]}',
    );
  });
});

describe('jsonLine', () => {
  it('omits undefined fields', () => {
    expect(jsonLine({ a: '1.0', b: undefined, c: '"x"' })).toBe('{"a":1.0,"c":"x"}');
  });
});
