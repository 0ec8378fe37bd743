import { describe, expect, it } from '@jest/globals';
import { parsePattern } from '../../../src/protocol/pattern.js';
import type { Message, PublishMessage, SetMessage, SignalDefinition } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, plain } from '../../support/core-harness.js';
import {
  asReceived,
  cborLength,
  expectDelivered,
  expectError,
  joinAs,
  MOST,
  MOST_OF_SET,
  payloadLength,
  publishOf,
  readersOf,
  receivers,
  sendFrame,
} from '../../support/sized-messages.js';

const setOf = (bytes: number, fields: Partial<SetMessage> = {}): SetMessage => ({
  type: 'set',
  address: '/a',
  value: encodeValue('x'.repeat(bytes - '/a'.length - 2)),
  ...fields,
});

describe('a SET', () => {
  it.each<Partial<SetMessage>>([{}, { lock: true, unlock: true, ttl: 60, absolute: true }])(
    'of 65,474 bytes of address and value is delivered with its revision, and is in every snapshot: %j',
    (fields) => {
      const harness = new CoreHarness();
      const readers = readersOf(harness);
      const writer = harness.join();
      const message = setOf(MOST_OF_SET, fields);
      sendFrame(writer, asReceived(message));
      expect(writer.read()).toMatchObject([{ type: 'ack', revision: 1 }]);
      const sent = { ...message, revision: 1 };
      const cborBytes = cborLength(sent);
      expectDelivered(readers, sent, cborBytes > MOST ? cborBytes : undefined);
      const { value } = message;
      const entry = { address: '/a', value, revision: 1, writer: writer.id, timestamp: harness.nowMicros };
      const snapshot: Message = { type: 'snapshot', params: [entry] };
      for (const reader of readers.values()) reader.send({ type: 'get', address: '/a' });
      expectDelivered(readers, snapshot, cborLength(snapshot));
      for (const receiver of receivers) {
        const late =
          receiver === 'local' ? harness.connect({ isLocal: true }) : harness.connect({ framing: 'websocket' });
        const encoding = receiver === 'local' ? 'binary' : receiver;
        late.send({ type: 'hello', version: 1, name: 'late', features: [] }, { encoding });
        const [, first, ...more] = late.read();
        if (receiver === 'cbor') expectError([first!], { code: 500, address: '/a' }, cborLength(snapshot), MOST);
        else expect(plain([first!])).toEqual(plain([snapshot]));
        expect(more).toEqual(receiver === 'cbor' ? [{ type: 'snapshot', params: [] }] : []);
      }
    },
  );

  it('of 65,475 bytes of address and value is ERROR 402 with both numbers, and nothing is stored', () => {
    const harness = new CoreHarness();
    const readers = readersOf(harness);
    const writer = harness.join();
    sendFrame(writer, asReceived(setOf(MOST_OF_SET + 1)));
    expectError(writer.read(), { code: 402, address: '/a' }, MOST_OF_SET + 1, MOST_OF_SET);
    for (const reader of readers.values()) expect(reader.read()).toEqual([]);
    expect(harness.core.paramCount).toBe(0);
  });

  it('that a merge makes too large is ERROR 402 with both numbers', () => {
    const harness = new CoreHarness({ conflictRules: [{ pattern: parsePattern('/**'), strategy: 'merge' }] });
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    const half = (key: string): Message => ({
      type: 'set',
      address: '/a',
      value: encodeValue(new Map([[key, 'x'.repeat(40_000)]])),
    });
    writer.send(half('left'));
    writer.send(half('right'));
    expect(reader.read()).toHaveLength(1);
    expectError(writer.read().slice(1), { code: 402, address: '/a' }, 80_023, MOST_OF_SET);
  });

  it('keeps its older values within one frame each, for subscribers with history', () => {
    const harness = new CoreHarness({ historyRules: [{ pattern: parsePattern('/**'), depth: 3 }] });
    const writer = harness.join();
    for (let i = 0; i < 3; i++) writer.send(setOf(MOST_OF_SET));
    for (const receiver of ['binary', 'json', 'local'] as const) {
      const reader = joinAs(harness, receiver);
      reader.subscribe(1, '/**', { history: 3 });
      harness.settle();
      const entries = reader.read().flatMap((message) => (message.type === 'snapshot' ? message.params : []));
      expect(entries.map(({ revision, value }) => [revision, value.byteLength])).toEqual(
        [1, 2, 3].map((revision) => [revision, MOST_OF_SET - 2]),
      );
    }
  });
});

describe('a BUNDLE', () => {
  const bundleOf = (inner: SetMessage | PublishMessage, timestamp?: number): Message => ({
    type: 'bundle',
    timestamp,
    messages: [inner],
  });

  it.each([undefined, 5])(
    'whose payload is 65,535 bytes has its PUBLISH delivered, at once and when scheduled (%p s)',
    (seconds) => {
      const harness = new CoreHarness();
      const readers = readersOf(harness);
      const sender = harness.join();
      const time = seconds === undefined ? undefined : harness.nowMicros + seconds * 1_000_000;
      const around = time === undefined ? 6 : 14; // code, flags, count, time, length
      const inner = publishOf(MOST - around, { phase: 'start' });
      const bundle = bundleOf(inner, time);
      expect(payloadLength(bundle)).toBe(MOST);
      sendFrame(sender, asReceived(bundle));
      if (seconds !== undefined) harness.advance(seconds);
      expect(sender.read()).toMatchObject([{ type: 'ack' }]);
      expectDelivered(readers, inner, cborLength(inner));
    },
  );

  it('is refused entirely, with the numbers, because of one SET that is one byte too large', () => {
    const harness = new CoreHarness();
    const readers = readersOf(harness);
    const sender = harness.join();
    sendFrame(sender, asReceived(bundleOf(setOf(MOST_OF_SET))));
    expect(sender.read()).toMatchObject([{ type: 'ack', revision: 1 }]);
    for (const reader of readers.values()) expect(reader.read()).toHaveLength(1);
    sendFrame(sender, asReceived(bundleOf(setOf(MOST_OF_SET + 1))));
    expectError(sender.read(), { code: 402, address: '/a' }, MOST_OF_SET + 1, MOST_OF_SET);
    for (const reader of readers.values()) expect(reader.read()).toEqual([]);
  });
});

describe('an ANNOUNCE', () => {
  const definition = (address: string, bytes: number, fields: Partial<SignalDefinition> = {}): SignalDefinition => ({
    address,
    type: 'param',
    ...fields,
    meta: { description: 'd'.repeat(bytes - address.length), range: [0, 1] },
  });

  it('with a definition of 60,000 bytes is in the RESULTs of every encoding, page by page', () => {
    const harness = new CoreHarness();
    const announcer = harness.join('announcer', 'json');
    const signals = Array.from({ length: 5 }, (_, i) => definition(`/d/${i}`, 60_000));
    for (const signal of signals) announcer.send({ type: 'announce', namespace: '/d', signals: [signal] });
    expect(announcer.read()).toEqual(signals.map(() => ({ type: 'ack', address: '/d' })));
    for (const receiver of receivers) {
      const reader = joinAs(harness, receiver);
      reader.send({ type: 'query', pattern: '/**' });
      harness.settle();
      const found = reader.read().flatMap((message) => (message.type === 'result' ? message.signals : []));
      // Compact binary has no meta in a RESULT (wire.md 6.15).
      const expected = receiver === 'binary' ? signals.map(({ address, type }) => ({ address, type })) : signals;
      expect([receiver, plain([{ type: 'result', signals: found }])]).toEqual([
        receiver,
        plain([{ type: 'result', signals: expected }]),
      ]);
    }
  });

  it('with a definition of 60,001 bytes is ERROR 402 with both numbers, and none of it is kept', () => {
    const harness = new CoreHarness();
    const announcer = harness.join('announcer', 'json');
    const signals = [definition('/small', 100), definition('/large', 59_999, { datatype: 'é' })];
    announcer.send({ type: 'announce', namespace: '/d', signals });
    expectError(announcer.read(), { code: 402, address: '/large' }, 60_001, 60_000);
    expect(harness.core.signalCount).toBe(0);
  });

  it('with a namespace of 1,024 bytes gets its ACK in every encoding, and with 1,025 bytes ERROR 200', () => {
    const harness = new CoreHarness();
    const namespace = `/${'n'.repeat(1_023)}`;
    for (const receiver of receivers) {
      const announcer = joinAs(harness, receiver);
      announcer.send({ type: 'announce', namespace, signals: [{ address: '/a', type: 'param' }] });
      expect(announcer.read()).toEqual([{ type: 'ack', address: namespace }]);
      announcer.send({ type: 'announce', namespace: `${namespace}n`, signals: [{ address: '/b', type: 'param' }] });
      expectError(announcer.read(), { code: 200 }, 1_025, 1_024);
      expect(harness.core.signalCount).toBe(1);
    }
  });

  it('with a last will at the limit is accepted and runs, and is refused above it', () => {
    const harness = new CoreHarness();
    const readers = readersOf(harness);
    const willOf = (bytes: number): Message => ({
      type: 'announce',
      namespace: '',
      signals: [],
      meta: encodeValue(
        new Map([
          ['will', new Map([['messages', [new Map<string, string>([['type', 'set'], ['address', '/a'], ['value', 'x'.repeat(bytes - 4)]])]]])], // prettier-ignore
        ]),
      ),
    });
    const sender = harness.join('sender', 'json');
    sender.send(willOf(MOST_OF_SET + 1));
    expectError(sender.read(), { code: 402, address: '/a' }, MOST_OF_SET + 1, MOST_OF_SET);
    sender.send(willOf(MOST_OF_SET));
    expect(sender.read()).toMatchObject([{ type: 'ack' }]);
    sender.leave('lost');
    for (const reader of readers.values()) expect(reader.read()).toMatchObject([{ type: 'set', revision: 1 }]);
  });
});

describe('a SNAPSHOT and a RESULT', () => {
  it('that are large reach a JSON peer in texts of at most 262,144 bytes', () => {
    const harness = new CoreHarness();
    const writer = harness.join();
    for (let i = 0; i < 300; i++) writer.set(`/p/${i}`, 'x'.repeat(2_000));
    writer.set('/large', '\u0001'.repeat(65_000)); // each is six bytes in JSON, and the entry has its own text
    const reader = harness.join('reader', 'json');
    reader.subscribe(1, '/**');
    harness.settle();
    const texts = reader.readFrames();
    const params = texts.flatMap(({ message }) => (message.type === 'snapshot' ? message.params : []));
    expect(new Set(params.map(({ address }) => address)).size).toBe(301);
    for (const { message, length } of texts) {
      if (message.type !== 'snapshot' || message.params.length > 1) expect(length).toBeLessThanOrEqual(262_144);
      else expect(length).toBeLessThan(400_000);
    }
  });
});

describe('an ERROR', () => {
  it('fits its frame with any text from a hook', () => {
    const harness = new CoreHarness({ validateWrite: () => 'no'.repeat(100_000) });
    for (const receiver of receivers) {
      const writer = joinAs(harness, receiver);
      writer.set('/a', 1);
      const [error] = writer.read();
      expect(error).toMatchObject({ type: 'error', code: 403, message: `${'no'.repeat(2_048)}…` });
      expect(writer.session.phase).toBe('active');
    }
  });
});
