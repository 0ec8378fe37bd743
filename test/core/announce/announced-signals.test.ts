import { describe, expect, it } from '@jest/globals';
import type { SignalDefinition } from '../../../src/protocol/messages/message.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

function announce(peer: Peer, ...signals: readonly SignalDefinition[]): unknown[] {
  peer.send({ type: 'announce', namespace: '/desk', signals });
  return plain(peer.read());
}

function query(harness: CoreHarness, peer: Peer, pattern = '/**'): unknown[] {
  peer.send({ type: 'query', pattern });
  harness.settle();
  return peer
    .read()
    .flatMap((message): unknown[] => (message.type === 'result' ? [...plain(message.signals as never)] : []));
}

const fader: SignalDefinition = { address: '/fader', type: 'param' };

describe('announced signals', () => {
  it('are found by QUERY until their TTL has passed; a new ANNOUNCE renews it', () => {
    const harness = new CoreHarness({ signalTtlSeconds: 10 });
    const [desk, other] = [harness.join(), harness.join()];
    announce(desk, fader, { address: '/once', type: 'event' });
    harness.advance(9);
    announce(desk, fader);
    harness.advance(1);
    expect(query(harness, other)).toEqual([{ address: '/fader', type: 'param' }]);
    expect(harness.core.signalCount).toBe(1);
    harness.advance(8.999_999);
    expect(query(harness, other)).toHaveLength(1);
    harness.advance(0.000_001);
    expect(query(harness, other)).toEqual([]);
  });

  it('that occur twice in an ANNOUNCE are returned once, with the last definition in its position', () => {
    const harness = new CoreHarness();
    const [desk, other] = [harness.join(), harness.join()];
    announce(
      desk,
      { address: '/a', type: 'event' },
      { address: '/b', type: 'event' },
      { address: '/a', type: 'param' },
    );
    expect(query(harness, other)).toEqual([
      { address: '/b', type: 'event' },
      { address: '/a', type: 'param' },
    ]);
  });

  it('without a TTL stay permanently, also after their client has disconnected', () => {
    const harness = new CoreHarness();
    const [desk, other] = [harness.join(), harness.join()];
    announce(desk, fader);
    desk.leave();
    harness.advance(1e7);
    expect(query(harness, other)).toHaveLength(1);
  });

  it('are limited: an ANNOUNCE over the limit is refused entirely, and known signals can always be renewed', () => {
    const harness = new CoreHarness({ maxSignals: 2 });
    const desk = harness.join();
    announce(desk, fader);
    expect(announce(desk, { address: '/a', type: 'event' }, { address: '/b', type: 'event' })).toEqual([
      { type: 'error', code: 400, message: '1 signals are announced; 2 more would pass the limit of 2' },
    ]);
    expect(query(harness, desk)).toHaveLength(1);
    expect(announce(desk, fader, { address: '/a', type: 'event' }, { address: '/a', type: 'param' })).toEqual([
      { type: 'ack', address: '/desk' },
    ]);
    expect(query(harness, desk, '/a')).toEqual([{ address: '/a', type: 'param' }]); // the later one replaces
  });

  it('are unlimited with maxSignals 0', () => {
    const harness = new CoreHarness({ maxSignals: 0 });
    const desk = harness.join();
    for (let k = 0; k < 11; k++) {
      announce(
        desk,
        ...Array.from({ length: 1_000 }, (_, i): SignalDefinition => ({ address: `/${k}/${i}`, type: 'event' })),
      );
    }
    expect(harness.core.signalCount).toBe(11_000);
    expect(query(harness, desk)).toHaveLength(11_000); // several RESULTs
  });
});

describe('checkAnnounced', () => {
  function refusal(definition: SignalDefinition, address: string, value: Value): string | undefined {
    const harness = new CoreHarness({ checkAnnounced: true });
    const desk = harness.join();
    announce(desk, definition);
    desk.set(address, value);
    const [answer] = desk.read();
    if (answer?.type === 'ack') return undefined;
    expect(answer).toMatchObject({ type: 'error', code: 402, address });
    expect(harness.core.paramCount).toBe(0);
    return answer?.type === 'error' ? answer.message : 'no answer';
  }

  it.each<[string, Value, boolean]>([
    ['f32', 0.5, true],
    ['f32', 3n, true],
    ['F64', 0.5, true],
    ['float', '0.5', false],
    ['number', null, false],
    ['i32', 3n, true],
    ['u8', 3, true], // a JavaScript client cannot encode it otherwise
    ['int', 0.5, false],
    ['integer', NaN, false],
    ['bool', true, true],
    ['boolean', 1, false],
    ['string', 'a', true],
    ['string', 1, false],
    ['bytes', Uint8Array.of(1), true],
    ['blob', 'a', false],
    ['array', [1, 'a'], true],
    ['list', 1, false],
    ['map', new Map([['a', 1]]), true],
    ['object', [1], false],
    ['vec2', [1, 2], true],
    ['vec2', [1, 2, 3], false],
    ['vec3', [1, 2, 'c'], false],
    ['colour', 1, true], // a comment
    ['', 1, true],
  ])('of datatype %s accepts %p: %p', (datatype, value, taken) => {
    const text = refusal({ ...fader, datatype }, '/fader', value);
    expect(text).toBe(taken ? undefined : `Invalid value: the value is no ${datatype}, as was announced`);
  });

  it.each<[Value, string | undefined]>([
    [0, undefined],
    [1, undefined],
    [1n, undefined],
    [1.000_001, '1.000001'],
    [-1n, '-1'],
    [NaN, 'NaN'],
    [[0, 0.5, 2], '2'],
    ['no number', undefined],
    [null, undefined],
  ])('of range 0 to 1: %p', (value, outside) => {
    const text = refusal({ ...fader, meta: { range: [0, 1] } }, '/fader', value);
    expect(text).toBe(
      outside === undefined ? undefined : `Invalid value: ${outside} is outside the range 0 to 1 that was announced`,
    );
  });

  it('uses an announced pattern if the address itself was not announced', () => {
    const definition: SignalDefinition = { address: '/fader/*', type: 'param', meta: { range: [0, 1] } };
    expect(refusal(definition, '/fader/3', 2)).toBe(
      'Invalid value: 2 is outside the range 0 to 1 that was announced for /fader/*',
    );
    expect(refusal(definition, '/fader', 2)).toBeUndefined();
  });

  it('prefers the address itself, and applies later announcements', () => {
    const harness = new CoreHarness({ checkAnnounced: true });
    const desk = harness.join();
    announce(desk, { address: '/**', type: 'param', meta: { range: [0, 1] } });
    desk.set('/fader', 2);
    expect(desk.read()).toMatchObject([{ type: 'error', code: 402 }]);
    announce(desk, { ...fader, meta: { range: [0, 10] } });
    desk.set('/fader', 2);
    expect(desk.read()).toMatchObject([{ type: 'ack', revision: 1 }]);
  });

  it('applies in a bundle, which is refused entirely', () => {
    const harness = new CoreHarness({ checkAnnounced: true });
    const desk = harness.join();
    announce(desk, { ...fader, meta: { range: [0, 1] } });
    const messages = [
      { type: 'set', address: '/free', value: encodeValue(1) },
      { type: 'set', address: '/fader', value: encodeValue(2) },
    ] as const;
    desk.send({ type: 'bundle', messages });
    expect(plain(desk.read())).toEqual([
      {
        type: 'error',
        code: 402,
        message: 'Bundle rejected: Invalid value: 2 is outside the range 0 to 1 that was announced',
        address: '/fader',
      },
    ]);
    expect(harness.core.paramCount).toBe(0);
  });

  it('ends with the announcement', () => {
    const harness = new CoreHarness({ checkAnnounced: true, signalTtlSeconds: 10 });
    const desk = harness.join();
    announce(desk, { ...fader, meta: { range: [0, 1] } });
    desk.set('/fader', 2);
    expect(desk.read()).toMatchObject([{ type: 'error', code: 402 }]);
    harness.advance(10);
    desk.set('/fader', 2);
    expect(desk.read()).toMatchObject([{ type: 'ack' }]);
  });

  it('is off by default', () => {
    const harness = new CoreHarness();
    const desk = harness.join();
    announce(desk, { ...fader, meta: { range: [0, 1] } });
    desk.set('/fader', 2);
    expect(desk.read()).toMatchObject([{ type: 'ack' }]);
  });
});
