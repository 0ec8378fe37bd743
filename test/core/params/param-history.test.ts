import { describe, expect, it } from '@jest/globals';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

const historyRules = [
  { pattern: parsePattern('/kept/none'), depth: 1 },
  { pattern: parsePattern('/kept/**'), depth: 4 },
];

function entries(peer: Peer): unknown[] {
  return peer.read().flatMap((message): unknown[] => {
    if (message.type !== 'snapshot') return [message];
    return message.params.map(({ address, value, revision }) => [address, value.decode(), revision]);
  });
}

describe('SUBSCRIBE with history', () => {
  it('returns the last kept values, oldest first, the current one last', () => {
    const harness = new CoreHarness({ historyRules });
    const [desk, lamp] = [harness.join(), harness.join()];
    for (let i = 1; i <= 9; i++) desk.set('/kept/x', `value ${i}`);
    desk.set('/kept/y', 'only');
    lamp.subscribe(1, '/kept/**', { history: 3 });
    expect(entries(lamp)).toEqual([
      ['/kept/x', 'value 7', 7],
      ['/kept/x', 'value 8', 8],
      ['/kept/x', 'value 9', 9],
      ['/kept/y', 'only', 1],
    ]);
    lamp.subscribe(2, '/kept/x', { history: 4_294_967_295 });
    expect(entries(lamp).map((entry) => (entry as unknown[])[2])).toEqual([6, 7, 8, 9]); // as many as are kept
  });

  it.each([undefined, { history: 0 }, { history: 1 }])('of %p returns the current value', (options) => {
    const harness = new CoreHarness({ historyRules });
    const [desk, lamp] = [harness.join(), harness.join()];
    for (let i = 1; i <= 3; i++) desk.set('/kept/x', i);
    lamp.subscribe(1, '/kept/x', options);
    expect(entries(lamp)).toEqual([['/kept/x', 3, 3]]);
  });

  it('returns the current value if none are kept; the first rule applies', () => {
    const harness = new CoreHarness({ historyRules });
    const [desk, lamp] = [harness.join(), harness.join()];
    for (const address of ['/other', '/kept/none']) for (let i = 1; i <= 3; i++) desk.set(address, i);
    lamp.subscribe(1, '/**', { history: 3 });
    expect(entries(lamp)).toEqual([
      ['/other', 3, 3],
      ['/kept/none', 3, 3],
    ]);
  });

  it('returns writer and time of each value', () => {
    const harness = new CoreHarness({ historyRules });
    const [one, two] = [harness.join(), harness.join()];
    one.set('/kept/x', 1);
    const firstMicros = harness.nowMicros;
    harness.advance(5);
    two.set('/kept/x', 2);
    two.read();
    two.subscribe(1, '/kept/x', { history: 2 });
    expect(two.read()).toMatchObject([
      {
        params: [
          { writer: one.id, timestamp: firstMicros },
          { writer: two.id, timestamp: harness.nowMicros },
        ],
      },
    ]);
  });

  it('ends with the param', () => {
    const harness = new CoreHarness({ historyRules, paramTtlSeconds: 10 });
    const [desk, lamp] = [harness.join(), harness.join()];
    desk.set('/kept/x', 1);
    desk.set('/kept/x', 2);
    harness.advance(10);
    desk.set('/kept/x', 3);
    lamp.subscribe(1, '/kept/x', { history: 9 });
    expect(entries(lamp)).toEqual([['/kept/x', 3, 3]]);
  });

  it('fills frames like any snapshot', () => {
    const harness = new CoreHarness({ historyRules });
    const [desk, lamp, cbor] = [harness.join(), harness.join(), harness.join('c', 'cbor')];
    for (let i = 1; i <= 4; i++) desk.set('/kept/x', `${i}`.repeat(30_000), { qos: 0 });
    lamp.subscribe(1, '/kept/x', { history: 4 });
    cbor.subscribe(1, '/kept/x', { history: 4 });
    for (const peer of [lamp, cbor]) {
      const messages = peer.read();
      expect(messages).toHaveLength(2);
      expect(messages.flatMap((message) => (message.type === 'snapshot' ? message.params : []))).toHaveLength(4);
    }
  });
});

describe('a snapshot for a peer of small frames', () => {
  it.each(['binary', 'cbor'] as const)('is limited to the size of its datagrams (%s)', (encoding) => {
    const harness = new CoreHarness();
    const desk = harness.join();
    for (let i = 0; i < 100; i++) desk.set(`/p/${i}`, i, { qos: 0 });
    const peer = harness.connect({ maxFrameBytes: 1_400 });
    peer.send({ type: 'hello', version: 1, name: 'udp', features: [] }, { encoding });
    harness.settle();
    const frames = peer.readFrames();
    expect(frames.length).toBeGreaterThan(5);
    for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(1_400);
    expect(
      frames.map(({ message }) => (message.type === 'snapshot' ? message.params.length : 0)).reduce((a, b) => a + b),
    ).toBe(100);
  });
});
