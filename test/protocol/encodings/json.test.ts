import { describe, expect, it } from '@jest/globals';
import { decodeJson, encodeJson, MAX_JSON_TEXT } from '../../../src/protocol/encodings/json.js';
import { DecodeError, EncodeError } from '../../../src/protocol/errors.js';
import { MAX_BUNDLE_DEPTH, MAX_VALUE_DEPTH } from '../../../src/protocol/limits.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { comparable } from '../../support/comparable.js';

const setText = (value: string): string => `{"type":"set","address":"/a","value":${value}}`;

function read(text: string): unknown {
  return comparable(decodeJson(text).message);
}

function faultOf(text: string): { readonly fault: string; readonly message: string } {
  try {
    decodeJson(text);
  } catch (error) {
    if (error instanceof DecodeError) return { fault: error.fault, message: error.message };
    throw error;
  }
  throw new Error(`${text} was not refused`);
}

describe('JSON values', () => {
  it.each<[string, Value]>([
    ['null', null],
    ['true', true],
    ['1', 1],
    ['1.5', 1.5],
    ['"a\\u0000\u{1f4a1}"', 'a\0\u{1f4a1}'],
    ['{"$int":"5"}', 5n],
    ['{"$int":"0"}', 0n],
    ['{"$int":"-9223372036854775808"}', -(2n ** 63n)],
    ['{"$int":"9223372036854775807"}', 2n ** 63n - 1n],
    ['{"$float":"NaN"}', NaN],
    ['{"$float":"Infinity"}', Infinity],
    ['{"$float":"-Infinity"}', -Infinity],
    ['{"$float":"-0"}', -0],
    ['{"$bytes":""}', new Uint8Array()],
    ['{"$bytes":"AAH/"}', Uint8Array.of(0, 1, 255)],
    ['[1,[{"$int":"1"}]]', [1, [1n]]],
    ['{}', new Map()],
    ['{"b":1,"a":{"constructor":null}}', new Map<string, Value>([['b', 1], ['a', new Map([['constructor', null]])]])], // prettier-ignore
    ['{"$map":[["10",1],["9",2]]}', new Map([['10', 1], ['9', 2]])], // prettier-ignore
    ['{"$map":[["__proto__",1]]}', new Map([['__proto__', 1]])],
    ['{"$map":[["$int","5"]]}', new Map([['$int', '5']])],
    ['{"-1":1,"01":2,"":3}', new Map([['-1', 1], ['01', 2], ['', 3]])], // prettier-ignore
  ])('%s', (json, value) => {
    const text = setText(json);
    expect(read(text)).toEqual({ type: 'set', address: '/a', value: { value: comparable(value) } });
    expect(encodeJson({ type: 'set', address: '/a', value: encodeValue(value) })).toBe(
      JSON.stringify(JSON.parse(text)),
    );
  });

  it.each<[string, Value]>([
    ['{"$int":5}', 5n],
    ['{"$int":9223372036854775807}', 2n ** 63n - 1n],
    ['{"$map":[]}', new Map()],
    ['{"$map":[["a",1],["b",2],["a",3]]}', new Map([['a', 3], ['b', 2]])], // prettier-ignore
    ['{"$a":1,"b":2}', new Map([['$a', 1], ['b', 2]])], // prettier-ignore
    ['{"__proto__":1}', new Map([['__proto__', 1]])],
  ])('%s is accepted', (json, value) => {
    expect(read(setText(json))).toMatchObject({ value: { value: comparable(value) } });
  });

  it.each([
    ['{"$date":"today"}', '"$date" is not one of $int, $float, $bytes and $map'],
    ['{"$":1}', '"$" is not one of $int, $float, $bytes and $map'],
    ['{"$int":"5.0"}', '$int must be a decimal string, such as {"$int": "5"}'],
    ['{"$int":"+5"}', '$int must be a decimal string, such as {"$int": "5"}'],
    ['{"$int":"05"}', '$int must be a decimal string, such as {"$int": "5"}'],
    ['{"$int":"-0"}', '$int must be a decimal string, such as {"$int": "5"}'],
    ['{"$int":""}', '$int must be a decimal string, such as {"$int": "5"}'],
    ['{"$int":"0x10"}', '$int must be a decimal string, such as {"$int": "5"}'],
    ['{"$int":1.5}', '$int must be a decimal string, such as {"$int": "5"}'],
    ['{"$int":9223372036854775808}', 'the $int 9223372036854775808 does not fit 64 bits'],
    ['{"$int":1e17}', '$int must be a decimal string, such as {"$int": "5"}'],
    ['{"$int":null}', '$int must be a decimal string, such as {"$int": "5"}'],
    ['{"$int":"9223372036854775808"}', 'the $int 9223372036854775808 does not fit 64 bits'],
    ['{"$int":"-9223372036854775809"}', 'the $int -9223372036854775809 does not fit 64 bits'],
    ['{"$float":"nan"}', '$float must be "NaN", "Infinity", "-Infinity" or "-0"'],
    ['{"$float":1}', '$float must be "NaN", "Infinity", "-Infinity" or "-0"'],
    ['{"$bytes":"AA"}', '$bytes must be base64 with padding'],
    ['{"$bytes":[1]}', '$bytes must be base64 with padding'],
    ['{"$map":{}}', '$map must be a list of pairs'],
    ['{"$map":[["a"]]}', '$map must be a list of pairs, each a string and a value'],
    ['{"$map":[[1,2]]}', '$map must be a list of pairs, each a string and a value'],
    ['"\\ud800"', 'a string contains half of a surrogate pair'],
    ['{"\\udc00":1}', 'a string contains half of a surrogate pair'],
    [`"${'x'.repeat(65_536)}"`, 'string of 65536 is too large; the limit is 65535'],
  ])('%s is rejected', (json, message) => {
    expect(faultOf(setText(json))).toEqual({ fault: 'JsonDecode', message });
  });

  it('nest at most 64 levels, for any container types', () => {
    const wrapped = (before: string, after: string, levels: number): string =>
      setText(before.repeat(levels) + 'null' + after.repeat(levels));
    for (const [before, after] of [
      ['[', ']'],
      ['{"a":', '}'],
      ['{"$map":[["$",', ']]}'],
    ] as const) {
      expect(read(wrapped(before, after, MAX_VALUE_DEPTH))).toMatchObject({ type: 'set' });
      expect(faultOf(wrapped(before, after, MAX_VALUE_DEPTH + 1)).fault).toBe('DepthExceeded');
    }
    expect(faultOf(wrapped('[', ']', 120_000)).fault).toBe('DepthExceeded');
  });
});

describe('Numbers in JSON', () => {
  it.each<[string, Value]>([
    ['9007199254740991', 2 ** 53 - 1],
    ['-9007199254740991', -(2 ** 53) + 1],
    ['9007199254740992', 2n ** 53n],
    ['9007199254740993', 2n ** 53n + 1n],
    ['-9007199254740993', -(2n ** 53n) - 1n],
    ['1152921504606847000', 1_152_921_504_606_847_000n],
    ['9223372036854775807', 2n ** 63n - 1n],
    ['-9223372036854775808', -(2n ** 63n)],
    ['9007199254740993.0', 2 ** 53],
    ['1e20', 1e20],
    ['1.7976931348623157e308', Number.MAX_VALUE],
    ['5e-324', 5e-324],
    ['1e-999', 0],
    ['-0', -0],
    ['-0.0', -0],
    ['0e5', 0],
  ])('read %s without rounding, as an Int if a Float would round it', (json, value) => {
    const known = comparable(value);
    expect(read(setText(json))).toMatchObject({ value: { value: known } });
    expect(read(setText(`[{"a":${json}}]`))).toMatchObject({ value: { value: comparable([new Map([['a', value]])]) } });
  });

  it.each([
    ['1e999', 'the number 1e999 is beyond the range of a Float'],
    ['-1e999', 'the number -1e999 is beyond the range of a Float'],
    ['1.8e308', 'the number 1.8e308 is beyond the range of a Float'],
    [`1${'0'.repeat(400)}.5`, `the number 1${'0'.repeat(39)}… is beyond the range of a Float`],
    [
      '9223372036854775808',
      'the integer 9223372036854775808 does not fit 64 bits; a Float of that size is written with an exponent, such as 1e20',
    ],
    [
      '-9223372036854775809',
      'the integer -9223372036854775809 does not fit 64 bits; a Float of that size is written with an exponent, such as 1e20',
    ],
    [
      '1'.repeat(200_000),
      'an integer of 200000 digits does not fit 64 bits; a Float of that size is written with an exponent, such as 1e30',
    ],
  ])('are rejected with ERROR 101 instead of changed: %.40s', (json, message) => {
    for (const text of [setText(json), setText(`[[${json}]]`)]) {
      expect(faultOf(text)).toEqual({ fault: 'JsonDecode', message });
      expect(() => decodeJson(text)).toThrow(expect.objectContaining({ code: 101 }));
    }
  });

  it.each<[number, string]>([
    [2 ** 53, '9.007199254740992e+15'],
    [-(2 ** 60), '-1.152921504606847e+18'],
    [1e20, '1e+20'],
    [1e21, '1e+21'],
    [2 ** 53 - 1, '9007199254740991'],
    [0.1234567890123456, '0.1234567890123456'],
    [NaN, '{"$float":"NaN"}'],
    [-Infinity, '{"$float":"-Infinity"}'],
    [-0, '{"$float":"-0"}'],
    [5, '5'],
  ])('keep the Float %d a Float: %s', (float, json) => {
    const text = encodeJson({ type: 'set', address: '/1234567890123456789', value: encodeValue(float) });
    expect(text).toBe(`{"type":"set","address":"/1234567890123456789","value":${json}}`);
    const { message } = decodeJson(text);
    expect(comparable(message)).toMatchObject({ value: { value: comparable(float) } });
  });

  it('are not rounded in Float fields, unless JavaScript wrote a Float like that', () => {
    const samples = (json: string): unknown =>
      decodeJson(`{"type":"publish","address":"/a","samples":[${json}]}`).message;
    const message = { samples: [2 ** 60, 2 ** 60, 5e20, 1e17] };
    expect(samples('1152921504606846976,1152921504606847000,500000000000000000000,1e17')).toMatchObject(message);
    expect(encodeJson({ type: 'publish', address: '/a', ...message })).toBe(
      '{"type":"publish","address":"/a","samples":[1.152921504606847e+18,1.152921504606847e+18,5e+20,1e+17]}',
    );
    expect(() => samples('9007199254740993')).toThrow(
      'samples must be a list where each item is a number in the range of a Float',
    );
  });

  it('are integers of up to 64 bits in integer fields, without rounding', () => {
    const text = '{"type":"sync","t1":9007199254740993,"t2":18446744073709551615,"t3":"9007199254740993"}';
    expect(decodeJson(text).message).toEqual({
      type: 'sync',
      t1: 2n ** 53n + 1n,
      t2: 2n ** 64n - 1n,
      t3: 2n ** 53n + 1n,
    });
  });
});

describe('Objects in JSON', () => {
  it('keep the order of integer-like keys', () => {
    const { message } = decodeJson(setText('{"b":1,"10":2,"9":3}'));
    const value = message.type === 'set' ? message.value.decode() : undefined;
    expect([...(value as ReadonlyMap<string, Value>).keys()]).toEqual(['b', '10', '9']);
  });

  it('in values accept a repeated key, and its last value counts', () => {
    expect(read(setText('{"a":1,"b":2,"a":3}'))).toEqual(read(setText('{"a":3,"b":2}')));
  });

  it.each([
    ['{"type":"set","address":"/a","address":"/b","value":1}', '"address" occurs twice in a message'],
    ['{"type":"ping","type":"pong"}', '"type" occurs twice in a message'],
    [
      '{"type":"subscribe","id":1,"pattern":"/a","options":{"maxRate":1,"maxRate":2}}',
      '"maxRate" occurs twice in a message',
    ],
  ])('in messages accept no repeated key: %s', (text, message) => {
    expect(faultOf(text)).toEqual({ fault: 'JsonDecode', message });
  });
});

describe('JSON messages', () => {
  it('have the fields of the message types', () => {
    expect(
      decodeJson(
        '{"type":"hello","version":1,"name":"n","capabilities":{"encryption":false},"features":["param","?"]}',
      ),
    ).toEqual({
      message: {
        type: 'hello',
        version: 1,
        name: 'n',
        features: ['param'],
        capabilities: { encryption: false },
      },
      qos: 0,
      encoding: 'json',
    });
    const { message } = decodeJson('{"type":"federationSync","op":"requestSync","revisions":{"/a":7}}');
    expect(message).toEqual({
      type: 'federationSync',
      op: 'requestSync',
      patterns: [],
      revisions: new Map([['/a', 7]]),
    });
  });

  it('accept the names of the wire, and `payload` for `value`', () => {
    expect(read('{"type":"FEDERATION_SYNC","op":"syncComplete"}')).toMatchObject({ type: 'federationSync' });
    expect(read('{"payload":2,"type":"SET","address":"/a"}')).toEqual(read('{"type":"set","address":"/a","value":2}'));
  });

  it('ignore unknown fields', () => {
    expect(read('{"type":"ping","colour":"red","__proto__":{"qos":1}}')).toEqual({ type: 'ping' });
  });

  it('have a quality of service, or the default one', () => {
    const qos = (text: string): number => decodeJson(text).qos;
    expect(qos(setText('1'))).toBe(1);
    expect(qos('{"type":"set","address":"/a","value":1,"qos":0}')).toBe(0);
    expect(qos('{"type":"ping","qos":2}')).toBe(2);
    expect(qos('{"type":"ping","qos":null}')).toBe(0);
    expect(faultOf('{"type":"ping","qos":3}')).toEqual({ fault: 'JsonDecode', message: 'qos must be 0, 1 or 2' });
    expect(faultOf('{"type":"ping","qos":"1"}').fault).toBe('JsonDecode');
  });

  it('distinguish null from absent in PUBLISH', () => {
    expect(read('{"type":"publish","address":"/a"}')).toEqual({ type: 'publish', address: '/a' });
    expect(read('{"type":"publish","address":"/a","value":null,"id":null}')).toEqual({
      type: 'publish',
      address: '/a',
      value: { value: null },
    });
  });

  it('write safe integers as numbers, and larger ones as decimal strings', () => {
    const text = '{"type":"sync","t1":9007199254740991,"t2":"9007199254740992","t3":"18446744073709551615"}';
    const message: Message = { type: 'sync', t1: 2 ** 53 - 1, t2: 2n ** 53n, t3: 2n ** 64n - 1n };
    expect(encodeJson(message)).toBe(text);
    expect(decodeJson(text).message).toEqual(message);
    expect(decodeJson('{"type":"sync","t1":"5","t2":-0}').message).toEqual({ type: 'sync', t1: 5, t2: 0 });
  });

  it.each([
    ['', 'the text is not JSON: it ends too early'],
    ['{"type":"ping"', 'the text is not JSON: it ends too early'],
    ['{"type": ping}', 'the text is not JSON at character 10'],
    ['null', 'a message must be a map with a type'],
    ['[]', 'a message must be a map with a type'],
    ['"ping"', 'a message must be a map with a type'],
    ['{}', 'a message must have a type, which is a string'],
    ['{"type":1}', 'a message must have a type, which is a string'],
    ['{"type":"Ping"}', 'no message has the type "Ping"'],
    ['{"type":"toString"}', 'no message has the type "toString"'],
    ['{"type":"set","address":"/a"}', 'set needs its value'],
    ['{"type":"set","value":1}', 'set needs its address'],
    ['{"type":"set","address":null,"value":1}', 'set needs its address'],
    ['{"type":"get","address":5}', 'get: address must be a string of at most 65535 bytes'],
    ['{"type":"get","address":"/\\ud800"}', 'a string contains half of a surrogate pair'],
    [`{"type":"get","address":"/${'é'.repeat(32_768)}"}`, 'get: address must be a string of at most 65535 bytes'],
    [
      `{"type":"federationSync","op":"requestSync","revisions":{"${'x'.repeat(65_536)}":1}}`,
      'federationSync: revisions must be a map where each entry is an integer from 0 to 18446744073709551615',
    ],
    ['{"type":"unsubscribe","id":-1}', 'unsubscribe: id must be an integer from 0 to 4294967295'],
    ['{"type":"unsubscribe","id":4294967296}', 'unsubscribe: id must be an integer from 0 to 4294967295'],
    ['{"type":"unsubscribe","id":1.5}', 'unsubscribe: id must be an integer from 0 to 4294967295'],
    ['{"type":"hello","version":256,"name":""}', 'hello: version must be an integer from 0 to 255'],
    ['{"type":"error","code":65536,"message":""}', 'error: code must be an integer from 0 to 65535'],
    ['{"type":"set","address":"/a","value":1,"ttl":2147483648}', 'set: ttl must be an integer from 0 to 2147483647'],
    ['{"type":"set","address":"/a","value":1,"lock":1}', 'set: lock must be true or false'],
    ['{"type":"sync","t1":18446744073709551616}', 'sync: t1 must be an integer from 0 to 18446744073709551615'],
    ['{"type":"sync","t1":1e17}', 'sync: t1 must be an integer from 0 to 18446744073709551615'],
    ['{"type":"unsubscribe","id":9007199254740993}', 'unsubscribe: id must be an integer from 0 to 4294967295'],
    ['{"type":"sync","t1":"18446744073709551616"}', 'sync: t1 must be an integer from 0 to 18446744073709551615'],
    [
      '{"type":"publish","address":"/a","signal":"smell"}',
      'publish: signal must be one of param, event, stream, gesture, timeline',
    ],
    ['{"type":"publish","address":"/a","phase":""}', 'publish: phase must be one of start, move, end, cancel'],
    [
      '{"type":"publish","address":"/a","samples":[1,"2"]}',
      'publish: samples must be a list where each item is a number in the range of a Float',
    ],
    ['{"type":"publish","address":"/a","timeline":{}}', 'timeline needs its keyframes'],
    ['{"type":"announce","namespace":"","meta":[]}', 'announce: meta must be a map'],
    ['{"type":"subscribe","id":1,"pattern":"/a","options":[]}', 'subscribe: options must be a map'],
    ['{"type":"result","signals":[{"address":"/a"}]}', 'signal definition needs its type'],
    ['{"type":"bundle","messages":[1]}', 'bundle: messages must be a list where each item is a map with a type'],
    ['{"type":"bundle","messages":[{"type":"set"}]}', 'set needs its address'],
    [
      '{"type":"federationSync","op":"RequestSync"}',
      'federationSync: op must be one of declareNamespaces, requestSync, revisionVector, syncComplete',
    ],
  ])('%s is rejected', (text, message) => {
    expect(faultOf(text)).toEqual({ fault: 'JsonDecode', message });
  });

  it('are rejected without parsing if they are too long', () => {
    const padded = (length: number): string => '{"type":"ping"}'.padEnd(length);
    expect(read(padded(MAX_JSON_TEXT))).toEqual({ type: 'ping' });
    expect(faultOf(padded(MAX_JSON_TEXT + 1))).toEqual({
      fault: 'FrameTooLarge',
      message: 'the JSON text is 262145 characters; the limit is 262144',
    });
  });

  it('nest at most eight bundles', () => {
    const bundles = (levels: number): Message =>
      levels === 0 ? { type: 'ping' } : { type: 'bundle', messages: [bundles(levels - 1)] };
    const text = encodeJson(bundles(MAX_BUNDLE_DEPTH));
    expect(decodeJson(text).message).toEqual(bundles(MAX_BUNDLE_DEPTH));
    expect(faultOf(`{"type":"bundle","messages":[${text}]}`).fault).toBe('DepthExceeded');
    expect(() => encodeJson(bundles(MAX_BUNDLE_DEPTH + 1))).toThrow(EncodeError);
  });

  it('write a lone surrogate as U+FFFD, like the other forms', () => {
    expect(encodeJson({ type: 'get', address: '/\ud800' })).toBe('{"type":"get","address":"/\ufffd"}');
  });
});
