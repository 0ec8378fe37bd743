import { describe, expect, it } from '@jest/globals';
import { parsePageMessage } from '../../src/inspector/page-message.js';

describe('a message from a page', () => {
  it.each([
    { type: 'authenticate', token: 'cpsk_x' },
    { type: 'unlock', key: 'abc' },
    { type: 'watch', view: 'sessions' },
    { type: 'watch', view: 'actor', actor: 'x:3' },
    { type: 'watch', view: 'signals', pattern: '/**' },
    { type: 'watch', view: 'traffic', pattern: '/a/*' },
    { type: 'watch', view: 'stately' },
    { type: 'unwatch', view: 'traffic' },
    { type: 'set', id: 0, address: '/a', value: null },
    { type: 'set', id: 1, address: '/a', value: { $int: '5', list: [1, 'x', false] } },
    { type: 'emit', id: 2, address: '/cue' },
    { type: 'emit', id: 3, address: '/cue', value: [1] },
  ])('is parsed: %j', (message) => {
    expect(parsePageMessage(JSON.stringify(message))).toEqual(message);
  });

  it.each([
    ['invalid JSON', '{'],
    ['nothing', ''],
    ['no object', '[]'],
    ['null', 'null'],
    ['no type', '{}'],
    ['an unknown type', '{"type":"stop"}'],
    ['an unknown view', '{"type":"watch","view":"files"}'],
    ['an actor view without an actor', '{"type":"watch","view":"actor"}'],
    ['signals without a pattern', '{"type":"watch","view":"signals"}'],
    ['a pattern that is not a string', '{"type":"watch","view":"traffic","pattern":5}'],
    ['a pattern too long', `{"type":"watch","view":"traffic","pattern":"/${'a'.repeat(1_024)}"}`],
    ['a token too long', `{"type":"authenticate","token":"${'a'.repeat(16_385)}"}`],
    ['an unknown member', '{"type":"watch","view":"sessions","all":true}'],
    ['a set without a value', '{"type":"set","id":1,"address":"/a"}'],
    ['a negative id', '{"type":"set","id":-1,"address":"/a","value":1}'],
    ['a fractional id', '{"type":"emit","id":0.5,"address":"/a"}'],
    ['an id that is a string', '{"type":"emit","id":"1","address":"/a"}'],
    [
      'a value without an end',
      `{"type":"set","id":1,"address":"/a","value":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
    ],
  ])('is rejected: %s', (_, text) => {
    expect(parsePageMessage(text)).toBeUndefined();
  });
});
