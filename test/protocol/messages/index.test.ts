import { describe, expect, it } from '@jest/globals';
import { Reader } from '../../../src/protocol/bytes/reader.js';
import { Writer } from '../../../src/protocol/bytes/writer.js';
import { Qos } from '../../../src/protocol/enumerations.js';
import { DecodeError } from '../../../src/protocol/errors.js';
import { HEADER_BYTES } from '../../../src/protocol/header.js';
import {
  defaultQos,
  detached,
  messageCodecs,
  type MessageCodecs,
  readMessage,
  writeMessage,
} from '../../../src/protocol/messages/index.js';
import type { Message, MessageType } from '../../../src/protocol/messages/message.js';
import { decodeFrame, encodeFrame } from '../../../src/protocol/frame.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { comparable } from '../../support/comparable.js';

const value = encodeValue([1n, 'text']);
const signal = {
  address: '/a',
  type: 'param',
  meta: { default: value },
} as const;
const set = { type: 'set', address: '/a', value } as const;

interface Row {
  readonly message: Message;
  /** Code and default QoS by wire.md 5 and 7.2. */
  readonly code: number;
  readonly qos: Qos;
}

/** One message per type. The type of the table requires a row for a new message. */
const rows: { readonly [T in MessageType]: Row & { readonly message: { readonly type: T } } } = {
  hello: { message: { type: 'hello', version: 1, name: 'n', features: ['param'] }, code: 0x01, qos: Qos.Fire },
  welcome: {
    message: { type: 'welcome', version: 1, session: 's', name: 'n', features: [], time: 1 },
    code: 0x02,
    qos: Qos.Fire,
  },
  announce: { message: { type: 'announce', namespace: '/n', signals: [signal] }, code: 0x03, qos: Qos.Fire },
  federationSync: {
    message: { type: 'federationSync', op: 'requestSync', patterns: ['/a'], revisions: new Map([['/a', 1]]) },
    code: 0x04,
    qos: Qos.Confirm,
  },
  subscribe: { message: { type: 'subscribe', id: 1, pattern: '/a' }, code: 0x10, qos: Qos.Confirm },
  unsubscribe: { message: { type: 'unsubscribe', id: 1 }, code: 0x11, qos: Qos.Confirm },
  publish: {
    message: { type: 'publish', address: '/a', signal: 'event', value, phase: 'start' },
    code: 0x20,
    qos: Qos.Confirm,
  },
  set: { message: set, code: 0x21, qos: Qos.Confirm },
  get: { message: { type: 'get', address: '/a' }, code: 0x22, qos: Qos.Fire },
  snapshot: {
    message: { type: 'snapshot', params: [{ address: '/a', value, revision: 1 }] },
    code: 0x23,
    qos: Qos.Fire,
  },
  replay: { message: { type: 'replay', pattern: '/a', limit: 1 }, code: 0x24, qos: Qos.Confirm },
  bundle: { message: { type: 'bundle', messages: [set] }, code: 0x30, qos: Qos.Commit },
  sync: { message: { type: 'sync', t1: 1 }, code: 0x40, qos: Qos.Fire },
  ping: { message: { type: 'ping' }, code: 0x41, qos: Qos.Fire },
  pong: { message: { type: 'pong' }, code: 0x42, qos: Qos.Fire },
  ack: { message: { type: 'ack', address: '/a', revision: 1 }, code: 0x50, qos: Qos.Fire },
  error: { message: { type: 'error', code: 400, message: 'm' }, code: 0x51, qos: Qos.Fire },
  query: { message: { type: 'query', pattern: '/a' }, code: 0x60, qos: Qos.Fire },
  result: { message: { type: 'result', signals: [{ address: '/a', type: 'param' }] }, code: 0x61, qos: Qos.Fire },
};
const types = Object.keys(rows) as MessageType[]; // invariant: the keys of the table, by its type

describe('the codec of a message', () => {
  it('exists for each type, under its own name and with its own code', () => {
    const codecs = Object.entries(messageCodecs);
    expect(codecs.map(([key]) => key).sort()).toEqual([...types].sort());
    expect(codecs.filter(([key, { type }]) => key !== type)).toEqual([]);
    expect(new Set(codecs.map(([, { code }]) => code)).size).toBe(codecs.length);
  });

  it('is required for each type by the compiler', () => {
    const { set: omitted, ...others } = messageCodecs;
    // @ts-expect-error a table without SET is not a table of all codecs
    const incomplete: MessageCodecs = others;
    expect(incomplete).not.toHaveProperty(omitted.type);
  });

  it.each(types)('has the code and the default QoS of wire.md for %s', (type) => {
    const { message, code, qos } = rows[type];
    expect([encodeFrame(message)[HEADER_BYTES], messageCodecs[type].code, defaultQos(message)]).toEqual([
      code,
      code,
      qos,
    ]);
  });

  it.each([
    ['param', Qos.Confirm],
    ['event', Qos.Confirm],
    ['stream', Qos.Fire],
    ['gesture', Qos.Fire],
    ['timeline', Qos.Commit],
    [undefined, Qos.Fire],
  ] as const)('takes the QoS of a PUBLISH from its signal type %s', (type, qos) => {
    expect(defaultQos({ type: 'publish', address: '/a', signal: type, value })).toBe(qos);
  });

  it.each(types)('reads in binary and CBOR what it wrote for %s', (type) => {
    const { message } = rows[type];
    for (const encoding of ['binary', 'cbor'] as const) {
      const read = decodeFrame(encodeFrame(message, { encoding })).message;
      expect(comparable(read)).toEqual(comparable(message));
    }
  });

  it.each(types)('detaches every value of %s from the bytes of its frame', (type) => {
    const { message } = rows[type];
    const bytes = encodeFrame(message);
    const kept = detached(decodeFrame(bytes).message);
    bytes.fill(0xff);
    expect(comparable(kept)).toEqual(comparable(message));
  });
});

describe('readMessage', () => {
  const assigned = new Set(types.map((type) => rows[type].code));

  it('rejects every unassigned code', () => {
    for (let code = 0; code < 0x100; code++) {
      if (assigned.has(code)) continue;
      const read = (): Message => readMessage(new Reader(Uint8Array.of(code, 0, 0, 0)));
      expect(read).toThrow(DecodeError);
      expect(read).toThrow(`message type 0x${code.toString(16).padStart(2, '0')} is not assigned`);
    }
  });

  it('rejects an empty payload', () => {
    expect(() => readMessage(new Reader(new Uint8Array(0)))).toThrow('the payload is empty');
  });

  it('reads messages written one after another from one writer', () => {
    const w = new Writer();
    for (const type of types) {
      w.at = 0;
      writeMessage(w, rows[type].message);
      expect(readMessage(new Reader(w.bytes, 0, w.at)).type).toBe(type);
    }
  });
});
