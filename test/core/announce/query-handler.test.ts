import { describe, expect, it } from '@jest/globals';
import type { Message, SignalDefinition } from '../../../src/protocol/messages/message.js';
import { coreDefaults, CoreHarness, type Peer } from '../../support/core-harness.js';

const MAX_QUERIES = coreDefaults.maxQueriesPerSession;

const signal = (address: string, more: Partial<SignalDefinition> = {}): SignalDefinition => ({
  address,
  type: 'param',
  ...more,
});

/** Announces so many signals that a reply takes several turns. */
function announceMany(desk: Peer, count: number, prefix = '/many'): void {
  for (let i = 0; i < count; i += 1_000) {
    const signals = Array.from({ length: Math.min(1_000, count - i) }, (_, k) => signal(`${prefix}/${i + k}`));
    desk.send({ type: 'announce', namespace: '', signals });
  }
  expect(desk.read().every(({ type }) => type === 'ack')).toBe(true);
}

function addresses(messages: readonly Message[]): string[] {
  return messages.flatMap((message) =>
    message.type === 'result' ? message.signals.map(({ address }) => address) : [],
  );
}

const results = (messages: readonly Message[]): Message[] => messages.filter(({ type }) => type === 'result');

describe('QUERY', () => {
  it('is answered at once if few signals match, and with one empty RESULT if none match', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    desk.send({ type: 'announce', namespace: '', signals: [signal('/a'), signal('/b')] });
    desk.read();
    desk.send({ type: 'query', pattern: '/**' });
    desk.send({ type: 'query', pattern: '/x' });
    expect(desk.read()).toMatchObject([
      { type: 'result', signals: [{ address: '/a' }, { address: '/b' }] },
      { type: 'result', signals: [] },
    ]);
  });

  it('returns signals in the order of the last ANNOUNCE, regardless of the order in which they are found', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    for (const address of ['/z/1', '/a/1', '/m', '/a/1', '/b/1', '/z/1']) {
      desk.send({ type: 'announce', namespace: '', signals: [signal(address)] });
    }
    desk.read();
    for (const pattern of ['/**', '/*/1', '/**/1']) desk.send({ type: 'query', pattern });
    const [all, star, globstar] = desk.read().map((message) => addresses([message]));
    expect(all).toEqual(['/m', '/a/1', '/b/1', '/z/1']);
    expect(star).toEqual(['/a/1', '/b/1', '/z/1']);
    expect(globstar).toEqual(star);
  });

  it('is answered in slices, each with a bounded number of steps', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    announceMany(desk, 8_000);
    const before = harness.core.steps;
    desk.send({ type: 'query', pattern: '/**/9' });
    expect(harness.core.steps - before).toBeLessThan(20_000);
    expect(desk.read()).toEqual([]);
    harness.settle();
    expect(addresses(desk.read())).toEqual(['/many/9']);
  });

  it('puts at most about one frame into the outbox per turn', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    announceMany(desk, 9_000);
    desk.send({ type: 'query', pattern: '/**' });
    const turns: number[] = [];
    do {
      const { outbox } = desk.session;
      turns.push(outbox.byteLength);
      desk.read();
    } while (harness.core.advanceTasks());
    turns.push(desk.session.outbox.byteLength);
    // 9,000 definitions of 14 bytes: two frames, each in its own turn.
    expect(turns.filter((bytes) => bytes > 0)).toEqual([expect.closeTo(65_539, -2), expect.closeTo(60_000, -4)]);
  });

  it('puts about one frame into the outbox per turn, however few signals fill it', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    for (let i = 0; i < 100; i++) {
      desk.send({ type: 'announce', namespace: '', signals: [signal(`/${i}`, { datatype: 'x'.repeat(6_000) })] });
    }
    desk.read();
    desk.send({ type: 'query', pattern: '/**' });
    const turns: number[] = [];
    do {
      turns.push(desk.session.outbox.byteLength);
      desk.read();
    } while (harness.core.advanceTasks());
    turns.push(desk.session.outbox.byteLength);
    expect(turns.reduce((sum, bytes) => sum + bytes)).toBeGreaterThan(600_000);
    expect(Math.max(...turns)).toBeLessThanOrEqual(2 * 65_539);
  });

  it('continues only when its session has read: unread replies do not accumulate', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    announceMany(desk, 9_000);
    const reader = harness.join();
    for (let i = 0; i < MAX_QUERIES; i++) reader.send({ type: 'query', pattern: '/**' });
    while (reader.session.outbox.isEmpty) harness.core.advanceTasks();
    reader.session.phase = 'congested';
    harness.settle();
    const waiting = reader.session.outbox.byteLength + reader.session.sendQueue.bytes;
    expect(waiting).toBeLessThanOrEqual(65_539);
    reader.session.phase = 'active';
    harness.core.resume(reader.session);
    harness.settle();
    expect(addresses(reader.read())).toHaveLength(MAX_QUERIES * 9_000);
  });

  it('is ERROR 429 with the number if too many are unanswered, for this session alone', () => {
    const harness = new CoreHarness();
    const [desk, other] = [harness.join(), harness.join()];
    announceMany(desk, 8_000);
    for (let i = 0; i <= MAX_QUERIES; i++) desk.send({ type: 'query', pattern: '/many/**/x' });
    const message = 'Query limit reached: 16 queries of this session are unanswered, which is the limit';
    expect(desk.read()).toMatchObject([{ type: 'error', code: 429, message, address: '/many/**/x' }]);
    other.send({ type: 'query', pattern: '/many/1' });
    harness.settle();
    expect(addresses(other.read())).toEqual(['/many/1']);
    expect(results(desk.read())).toHaveLength(MAX_QUERIES);
    desk.send({ type: 'query', pattern: '/many/1' });
    harness.settle();
    expect(results(desk.read())).toHaveLength(1);
  });

  it('can have another number of unanswered ones', () => {
    const harness = new CoreHarness({ maxQueriesPerSession: 2 });
    const desk = harness.join();
    announceMany(desk, 8_000);
    for (let i = 0; i < 3; i++) desk.send({ type: 'query', pattern: '/many/**/x' });
    const message = 'Query limit reached: 2 queries of this session are unanswered, which is the limit';
    expect(desk.read()).toMatchObject([{ type: 'error', code: 429, message }]);
    harness.settle();
    expect(results(desk.read())).toHaveLength(2);
  });

  it('of one session does not delay that of another: their slices alternate', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    announceMany(desk, 8_000);
    const [greedy, modest] = [harness.join(), harness.join()];
    for (let i = 0; i < MAX_QUERIES; i++) greedy.send({ type: 'query', pattern: '/**/x' });
    modest.send({ type: 'query', pattern: '/many/7' });
    for (let turn = 0; turn < 3; turn++) harness.core.advanceTasks();
    expect(addresses(modest.read())).toEqual(['/many/7']);
    expect(results(greedy.read()).length).toBeLessThan(MAX_QUERIES);
  });

  it('is answered before a SYNC sent directly after it, and later SYNCs do not wait for their turn', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    announceMany(desk, 8_000);
    desk.send({ type: 'query', pattern: '/**' });
    desk.send({ type: 'sync', t1: 1 });
    desk.send({ type: 'sync', t1: 2 });
    expect(desk.read()).toMatchObject([{ type: 'sync', t1: 2 }]);
    harness.nowMicros += 5_000;
    harness.settle();
    const answers = desk.read();
    expect(addresses(answers)).toHaveLength(8_000);
    expect(answers.at(-1)).toMatchObject({ type: 'sync', t1: 1, t2: harness.nowMicros - 5_000, t3: harness.nowMicros });
  });

  it('in progress returns each signal once, in its current state, and none that was announced later', () => {
    const harness = new CoreHarness({ maxSignals: 8_001 });
    const [desk, other] = [harness.join(), harness.join()];
    announceMany(desk, 8_000);
    other.send({ type: 'query', pattern: '/**' });
    expect(other.read()).toEqual([]);
    const changed = [signal('/many/1', { datatype: 'f32' }), signal('/many/7999', { datatype: 'f32' })];
    desk.send({ type: 'announce', namespace: '', signals: [...changed, signal('/later')] });
    harness.settle();
    const found = other.read().flatMap((message) => (message.type === 'result' ? message.signals : []));
    expect(found).toHaveLength(8_000);
    expect(new Set(found.map(({ address }) => address)).size).toBe(8_000);
    expect(found.filter(({ datatype }) => datatype === 'f32').map(({ address }) => address)).toEqual(
      expect.arrayContaining(['/many/1', '/many/7999']),
    );
  });

  it('in progress returns the router’s own signals once, whether or not clients announce their addresses in the meantime', () => {
    const definitions = [signal('/own/1'), signal('/own/2'), signal('/zzz')];
    const harness = new CoreHarness({ signals: { definitions, check: () => undefined } });
    const [desk, other] = [harness.join(), harness.join()];
    announceMany(desk, 8_000);
    other.send({ type: 'query', pattern: '/**' });
    const changed = definitions.map((one) => ({ ...one, datatype: 'f32' }));
    desk.send({ type: 'announce', namespace: '', signals: changed });
    harness.settle();
    const found = other.read().flatMap((message) => (message.type === 'result' ? message.signals : []));
    expect(found).toHaveLength(8_003);
    expect(found.filter(({ datatype }) => datatype === 'f32').map(({ address }) => address)).toHaveLength(3);
  });

  it('in progress omits removed signals', () => {
    const harness = new CoreHarness({ signalTtlSeconds: 10 });
    const [desk, other] = [harness.join(), harness.join()];
    announceMany(desk, 8_000);
    harness.advance(9);
    other.send({ type: 'query', pattern: '/**' });
    desk.send({ type: 'announce', namespace: '', signals: [signal('/many/1'), signal('/many/7999')] });
    harness.advance(1);
    harness.settle();
    expect(addresses(other.read()).sort()).toEqual(['/many/1', '/many/7999']);
    expect(harness.core.signalCount).toBe(2);
  });

  it('ends with its session', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    announceMany(desk, 8_000);
    const other = harness.join();
    other.send({ type: 'query', pattern: '/**' });
    other.leave();
    expect(harness.core.advanceTasks()).toBe(false);
  });
});

describe('the RESULTs of a reply', () => {
  /** A definition with exactly `bytes` bytes in binary. */
  const sized = (i: number, bytes: number): SignalDefinition => {
    const address = `/${i}`;
    return signal(address, { datatype: 'x'.repeat(bytes - address.length - 6) });
  };

  function answerTo(signals: readonly SignalDefinition[], encoding: 'binary' | 'cbor' | 'json' = 'binary'): Message[] {
    const harness = new CoreHarness();
    const desk = harness.join();
    for (const one of signals) desk.send({ type: 'announce', namespace: '', signals: [one] });
    const reader = harness.join('reader', encoding);
    reader.send({ type: 'query', pattern: '/**' });
    harness.settle();
    return results(reader.read());
  }

  it('are one if the signals fill a frame exactly, and two with one byte more', () => {
    const most = 65_535 - 3;
    const signals = Array.from({ length: 10 }, (_, i) => sized(i, 6_000));
    expect(answerTo([...signals, sized(10, most - 60_000)])).toHaveLength(1);
    expect(answerTo([...signals, sized(10, most - 60_000 + 1)])).toHaveLength(2);
  });

  it('are as few as possible', () => {
    const signals = Array.from({ length: 50 }, (_, i) => sized(i, 6_000)); // ten to a frame
    const answer = answerTo(signals);
    expect(answer.map((message) => addresses([message]).length)).toEqual([10, 10, 10, 10, 10]);
  });

  it('are as few as possible in CBOR, whose definitions are larger', () => {
    const signals = Array.from({ length: 30 }, (_, i) => sized(i, 6_000));
    const answer = answerTo(signals, 'cbor');
    expect(answer.map((message) => addresses([message]).length)).toEqual([10, 10, 10]);
    expect(addresses(answer)).toEqual(signals.map(({ address }) => address));
  });

  it('fit the datagrams of a session that has nothing else', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    desk.send({
      type: 'announce',
      namespace: '',
      signals: Array.from({ length: 500 }, (_, i) => signal(`/some/address/${i}`)),
    });
    const peer = harness.connect({ maxFrameBytes: 1_400 });
    peer.send({ type: 'hello', version: 1, name: 'peer', features: [] });
    harness.settle();
    peer.read();
    peer.send({ type: 'query', pattern: '/**' });
    harness.settle();
    const frames = peer.readFrames();
    expect(Math.max(...frames.map(({ length }) => length))).toBeLessThanOrEqual(1_400);
    expect(Math.min(...frames.slice(0, -1).map(({ length }) => length))).toBeGreaterThan(1_370);
    expect(addresses(frames.map(({ message }) => message))).toHaveLength(500);
  });
});
