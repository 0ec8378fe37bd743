import { describe, expect, it } from '@jest/globals';
import { Packr } from 'msgpackr';
import { DecodeError } from '../../../src/protocol/errors.js';
import { decodeFrame } from '../../../src/protocol/frame.js';
import { MAX_BUNDLE_DEPTH, MAX_VALUE_DEPTH } from '../../../src/protocol/limits.js';
import { comparable } from '../../support/comparable.js';
import { fromHex } from '../../support/hex.js';
import { framed } from '../../support/mutate.mjs';

const packr = new Packr({ useRecords: false, mapsAsObjects: false, variableMapSize: true });

/** Decodes a message map. A Map holds keys that an object cannot hold. */
function read(message: object): unknown {
  return comparable(decodeFrame(framed(packr.pack(message))).message);
}

/** Like read(), for bytes that no encoder writes. */
function readHex(payload: string): unknown {
  return comparable(decodeFrame(framed(fromHex(payload))).message);
}

function faultOf(run: () => unknown): { readonly fault: string; readonly message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof DecodeError) return { fault: error.fault, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the MessagePack form', () => {
  it('names messages in capitals only', () => {
    expect(read({ type: 'FEDERATION_SYNC', op: 'SyncComplete' })).toMatchObject({ type: 'federationSync' });
    expect(faultOf(() => read({ type: 'federationSync', op: 'SyncComplete' })).fault).toBe('LegacyDecode');
    expect(faultOf(() => read({ type: 0x41 })).fault).toBe('LegacyDecode');
  });

  it.each([
    ['snake case', { max_rate: 30 }],
    ['camel case', { maxRate: 30 }],
  ])('accepts subscribe options in %s', (_, options) => {
    expect(read({ type: 'SUBSCRIBE', id: 1, pattern: '/a', options })).toEqual({
      type: 'subscribe',
      id: 1,
      pattern: '/a',
      options: { maxRate: 30 },
    });
  });

  it.each(['correlation_id', 'correlationId'])('accepts %s in ACK and ERROR', (name) => {
    expect(read({ type: 'ACK', [name]: 5 })).toEqual({ type: 'ack', correlationId: 5 });
    expect(read({ type: 'ERROR', code: 400, message: 'm', [name]: 5 })).toMatchObject({ correlationId: 5 });
  });

  it('does not change names inside values', () => {
    expect(read({ type: 'SET', address: '/a', value: { max_rate: true, payload: null } })).toMatchObject({
      value: {
        value: {
          map: [
            ['max_rate', true],
            ['payload', null],
          ],
        },
      },
    });
  });

  it.each([
    ['Never', { ttl: 0 }],
    [{ Sliding: 30 }, { ttl: 30 }],
    [{ Absolute: 30 }, { ttl: 30, absolute: true }],
    [{ Absolute: 0 }, { ttl: 0, absolute: true }],
    [30, { ttl: 30 }],
    [null, {}],
  ])('reads the ttl %j', (ttl, expected) => {
    expect(read({ type: 'SET', address: '/a', value: true, ttl })).toEqual({
      type: 'set',
      address: '/a',
      value: { value: true },
      ...expected,
    });
  });

  it.each(['never', {}, { Sliding: 1, Absolute: 2 }, { Sliding: null }, { Other: 1 }, { Sliding: 0x8000_0000 }, 1.5])(
    'rejects the ttl %j',
    (ttl) => {
      expect(faultOf(() => read({ type: 'SET', address: '/a', value: true, ttl }))).toMatchObject({
        fault: 'LegacyDecode',
        message: expect.stringMatching(/^set: ttl must be/),
      });
    },
  );

  it('reads nil as absent, except in a SET, where it is null', () => {
    const nils = { signal: null, value: null, payload: null, samples: null, id: null, timeline: null, keyframes: null };
    expect(read({ type: 'PUBLISH', address: '/a', ...nils })).toEqual({ type: 'publish', address: '/a' });
    expect(read({ type: 'SET', address: '/a', value: null, lock: null, ttl: null })).toEqual({
      type: 'set',
      address: '/a',
      value: { value: null },
    });
    expect(read({ type: 'SUBSCRIBE', id: 1, pattern: '/a', types: null, options: null })).toEqual({
      type: 'subscribe',
      id: 1,
      pattern: '/a',
    });
    const signals = [{ address: '/a', type: 'param', meta: { default: null, range: null } }];
    expect(read({ type: 'RESULT', signals })).toMatchObject({ signals: [{ meta: {} }] });
  });

  it('reads `payload` of a PUBLISH if the value is absent', () => {
    expect(read({ type: 'PUBLISH', address: '/a', value: null, payload: 'p' })).toMatchObject({
      value: { value: 'p' },
    });
    expect(read({ type: 'PUBLISH', address: '/a', value: 'v', payload: 'p' })).toMatchObject({ value: { value: 'v' } });
  });

  const keyframes = [
    { time: 0, value: 0.5 },
    { time: 1_000_000, value: 1, easing: 'cubic-bezier', bezier: [0.25, 0, 0.5, 1] },
  ];
  const readKeyframes = [
    { time: 0, value: { value: 0.5 }, easing: 'linear' },
    { time: 1_000_000, value: { value: 1n }, easing: 'cubic-bezier', bezier: [0.25, 0, 0.5, 1] },
  ];

  it('reads a timeline as Rust writes it', () => {
    const timeline = { keyframes, loop_: true, start_time: 5, duration: 9 };
    expect(read({ type: 'PUBLISH', address: '/t', signal: 'timeline', timeline })).toEqual({
      type: 'publish',
      address: '/t',
      signal: 'timeline',
      timeline: { keyframes: readKeyframes, loop: true, startTime: 5, duration: 9 },
    });
  });

  it('ignores keyframes on the PUBLISH itself as unknown keys, as the golden vector requires', () => {
    const message = { type: 'PUBLISH', address: '/t', signal: 'timeline' };
    expect(read({ ...message, keyframes, loop: true })).toEqual(read(message));
  });

  it('rejects other content in place of keyframes', () => {
    for (const wrong of [1, {}, [1], [{ time: 0 }]]) {
      const timeline = { keyframes: wrong };
      expect(faultOf(() => read({ type: 'PUBLISH', address: '/t', timeline })).fault).toBe('LegacyDecode');
    }
  });

  it('omits unknown features', () => {
    expect(read({ type: 'HELLO', version: 1, name: 'n', features: ['param', 'telepathy'] })).toMatchObject({
      features: ['param'],
    });
  });

  it('rejects a repeated key in a message, at any level', () => {
    const id = 'a2696401';
    const twice = { message: `84a474797065a9535542534352494245${id}${id}a77061747465726ea22f61` };
    expect(faultOf(() => readHex(twice.message)).message).toBe('"id" occurs twice in a message');
    const inOptions = `84a474797065a9535542534352494245${id}a77061747465726ea22f61a76f7074696f6e7382a677696e646f7701a677696e646f7702`;
    expect(faultOf(() => readHex(inOptions)).message).toBe('"window" occurs twice in a message');
  });

  it('keeps the last value of a repeated key in a value, at its first position', () => {
    const value = '83a16101a16202a16103'; // {a: 1, b: 2, a: 3}
    expect(readHex(`83a474797065a3534554a761646472657373a22f61a576616c7565${value}`)).toMatchObject({
      value: {
        value: {
          map: [
            ['a', 3n],
            ['b', 2n],
          ],
        },
      },
    });
  });

  it.each([
    ['an extension', 'd40100'],
    ['a reserved byte', 'c1'],
    ['a key that is not a string', '8101c0'],
    ['an array longer than the message', 'ddffffffff'],
    ['a map longer than the message', 'dfffffffff'],
    ['a string longer than the message', 'dbffffffff'],
    ['bytes longer than the message', 'c6ffffffff'],
    ['a string that is not UTF-8', 'a1ff'],
    ['half an integer', 'cf00'],
    ['nothing', ''],
  ])('rejects %s as a value', (_, value) => {
    expect(faultOf(() => readHex(`83a474797065a3534554a761646472657373a22f61a576616c7565${value}`)).fault).toBe(
      'LegacyDecode',
    );
  });

  it('accepts values as deep as the other forms, and no deeper', () => {
    const deep = (levels: number): unknown => (levels === 0 ? null : [deep(levels - 1)]);
    const set = (levels: number): object => ({ type: 'SET', address: '/a', value: deep(levels) });
    expect(read(set(MAX_VALUE_DEPTH))).toMatchObject({ type: 'set' });
    expect(faultOf(() => read(set(MAX_VALUE_DEPTH + 1))).fault).toBe('DepthExceeded');
    expect(faultOf(() => readHex(`81a161${'91'.repeat(60_000)}c0`)).fault).toBe('DepthExceeded');
  });

  it('accepts bundles as deep as the other forms, and no deeper', () => {
    const bundles = (levels: number): object =>
      levels === 0 ? { type: 'PING' } : { type: 'BUNDLE', messages: [bundles(levels - 1)] };
    expect(read(bundles(MAX_BUNDLE_DEPTH))).toMatchObject({ type: 'bundle' });
    expect(faultOf(() => read(bundles(MAX_BUNDLE_DEPTH + 1))).fault).toBe('DepthExceeded');
  });
});
