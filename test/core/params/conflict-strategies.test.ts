import { describe, expect, it } from '@jest/globals';
import { type ConflictStrategy, mergeDeep } from '../../../src/core/params/conflict-strategies.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

function joined(strategy: ConflictStrategy, merge?: (stored: Value, incoming: Value) => Value): Peer {
  const conflictRules = [
    { pattern: parsePattern('/x/**'), strategy, merge },
    { pattern: parsePattern('/**'), strategy: 'lww' as const },
  ];
  return new CoreHarness({ conflictRules }).join();
}

/** Returns the value stored after these writes, and the codes of the ERRORs. */
function after(peer: Peer, values: readonly Value[]): { value: unknown; errors: number[] } {
  for (const value of values) peer.set('/x/a', value, { qos: 0 });
  const errors = peer.read().map((message) => (message.type === 'error' ? message.code : 0));
  peer.send({ type: 'get', address: '/x/a' });
  const [answer] = peer.read();
  return { value: answer?.type === 'snapshot' ? answer.params[0]!.value.decode() : undefined, errors };
}

describe('conflict strategies', () => {
  it.each<[ConflictStrategy, readonly Value[], Value, number]>([
    ['lww', [5, 3], 3, 0],
    ['lock', [5, 3], 3, 0],
    ['max', [5, 3, 7, 7, 6], 7, 3],
    ['min', [5, 7, 3, 3], 3, 2],
    // Int and Float compare exactly as numbers: 2^53 + 1 is no Float.
    ['max', [5n, 5.5, 5n], 5.5, 1],
    ['max', [2 ** 53, 2n ** 53n + 1n], 2n ** 53n + 1n, 0],
    ['min', [-0.5, -1n, -0.75], -1n, 1],
    // Incomparable values are accepted, so that they never block a param.
    ['max', ['text', 1, 'other'], 'other', 0],
    ['max', [NaN, 1], 1, 0],
  ])('%s of %j is %j', (strategy, values, expected, refusals) => {
    const { value, errors } = after(joined(strategy), values);
    expect(value).toEqual(expected);
    expect(errors).toEqual(new Array<number>(refusals).fill(400));
  });

  it('report a lost write with ERROR 400', () => {
    const peer = joined('max');
    peer.set('/x/a', 2, { qos: 0 });
    peer.set('/x/a', 1);
    const message = 'Update rejected by conflict strategy';
    expect(plain(peer.read())).toEqual([{ type: 'error', code: 400, message, address: '/x/a' }]);
  });

  it('are selected by pattern, and the first match applies', () => {
    const peer = joined('max');
    peer.set('/y', 2, { qos: 0 });
    peer.set('/y', 1);
    expect(peer.read()).toMatchObject([{ type: 'ack', revision: 2 }]);
  });

  it('merge maps at every level, and subscribers get the merged value', () => {
    const harness = new CoreHarness({ conflictRules: [{ pattern: parsePattern('/**'), strategy: 'merge' }] });
    const [writer, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    const first = new Map<string, Value>([
      ['pos', new Map([['x', 1]])],
      ['on', true],
    ]);
    const second = new Map<string, Value>([
      ['pos', new Map([['y', 2]])],
      ['on', false],
    ]);
    writer.set('/a', first);
    writer.set('/a', second);
    const merged = new Map<string, Value>([
      [
        'pos',
        new Map([
          ['x', 1],
          ['y', 2],
        ]),
      ],
      ['on', false],
    ]);
    expect(plain(reader.read()).at(-1)).toEqual({ type: 'set', address: '/a', value: merged, revision: 2 });
    expect(mergeDeep(merged, 5)).toBe(5);
    expect(mergeDeep(5, merged)).toBe(merged);
  });

  it('merge by a custom function', () => {
    const sum = (stored: Value, incoming: Value): Value => Number(stored) + Number(incoming);
    expect(after(joined('merge', sum), [1, 2, 3]).value).toBe(6);
  });

  it('with a throwing merge function fail only the write, not the session or the router, also in a scheduled bundle', () => {
    const merge = (): Value => {
      throw new Error('not mine to mend');
    };
    const harness = new CoreHarness({ conflictRules: [{ pattern: parsePattern('/**'), strategy: 'merge', merge }] });
    const peer = harness.join();
    const message = { type: 'set', address: '/a', value: encodeValue(1) } as const;
    peer.send({ type: 'bundle', timestamp: harness.nowMicros + 1_000_000, messages: [message] }); // valid for a new /a
    peer.send(message);
    peer.send(message);
    harness.advance(1);
    peer.send({ type: 'ping' });
    expect(peer.read()).toMatchObject([
      { type: 'ack' },
      { type: 'ack', revision: 1 },
      { type: 'error', code: 500, message: 'The merge function of this router failed' },
      { type: 'error', code: 500, message: 'Bundle rejected: The merge function of this router failed' },
      { type: 'pong' },
    ]);
  });

  it('refuse a merge result larger than a frame can carry', () => {
    const harness = new CoreHarness({ conflictRules: [{ pattern: parsePattern('/**'), strategy: 'merge' }] });
    const peer = harness.join();
    for (const key of ['a', 'b', 'c']) peer.set('/a', new Map([[key, 'x'.repeat(30_000)]]));
    expect(peer.read()).toMatchObject([{ type: 'ack' }, { type: 'ack' }, { type: 'error', code: 402 }]);
  });

  it('apply earlier messages of the same bundle', () => {
    const peer = joined('max');
    const set = (value: number) => ({ type: 'set', address: '/x/a', value: encodeValue(value) }) as const;
    peer.send({ type: 'bundle', messages: [set(5), set(4)] });
    peer.send({ type: 'bundle', messages: [set(5), set(6)] });
    expect(peer.read()).toMatchObject([
      { type: 'error', code: 400 },
      { type: 'ack', revision: 2 },
    ]);
  });
});
