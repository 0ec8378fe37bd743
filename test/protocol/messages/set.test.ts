import { describe, expect, it } from '@jest/globals';
import { Reader } from '../../../src/protocol/bytes/reader.js';
import { Writer } from '../../../src/protocol/bytes/writer.js';
import { setCodec, writeSet } from '../../../src/protocol/messages/set.js';
import type { SetMessage } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { comparable } from '../../support/comparable.js';

const set: SetMessage = { type: 'set', address: '/a', value: encodeValue(5n), lock: true, ttl: 60 };

describe('writeSet', () => {
  it.each([
    ['adds a revision', set, 7, { ...set, revision: 7 }],
    ['replaces the expected revision by the new one', { ...set, revision: 6 }, 7, { ...set, revision: 7 }],
    ['keeps its revision without a new one', { ...set, revision: 6 }, undefined, { ...set, revision: 6 }],
  ])('%s', (_, message, revision, expected) => {
    const w = new Writer();
    writeSet(w, message, revision);
    expect(comparable(setCodec.read(new Reader(w.view()), 0))).toEqual(comparable(expected));
  });
});
