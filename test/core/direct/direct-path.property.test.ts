import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import type { Grant } from '../../../src/core/ports.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { parseScopes } from '../../../src/protocol/scope.js';
import { encodeFrame } from '../../../src/protocol/frame.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { EncodedValue, encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { type Value, ValueType } from '../../../src/protocol/values/value.js';
import { runRandomSteps, TwoPaths, type TwoPathsOptions } from './two-paths.js';

const addresses = ['/a', '/a/b', '/a/ü', '/c/1/x', '/c/2/x', '/$clasp/name', '//', 'no', '/peer/1/offer'];
const patterns = ['/**', '/a', '/a/*', '/c/*/x', '/**/x'];

const scalar: fc.Arbitrary<Value> = fc.oneof(fc.double(), fc.boolean(), fc.string({ maxLength: 3 }), fc.constant(7n));

/** Arrays and maps, some of them in each other. */
const container: fc.Arbitrary<Value> = fc.oneof(
  fc.array(fc.double(), { maxLength: 3 }),
  fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxLength: 3 }),
  fc.array(fc.tuple(fc.string({ maxLength: 2 }), scalar), { maxLength: 20 }).map((entries) => new Map(entries)),
);

const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 6, arbitrary: fc.double() },
  { weight: 3, arbitrary: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }) },
  { weight: 2, arbitrary: fc.string({ maxLength: 12, unit: 'grapheme' }) },
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 300 }),
  fc.constant('x'.repeat(9_000)),
  { weight: 3, arbitrary: container },
);

/** Values as they can arrive: mostly canonical, also narrow numbers and a bool that is neither 0 nor 1. */
const encoded: fc.Arbitrary<EncodedValue> = fc.oneof(
  { weight: 12, arbitrary: value.map(encodeValue) },
  fc.constantFrom(
    new EncodedValue(ValueType.Bool, Uint8Array.of(2), 0, 1),
    new EncodedValue(ValueType.Int8, Uint8Array.of(200), 0, 1),
    new EncodedValue(ValueType.Float32, Uint8Array.of(0x3f, 0x80, 0, 0), 0, 4),
    new EncodedValue(ValueType.String, Uint8Array.of(0, 2, 0xc3, 0x28), 0, 4), // invalid UTF-8
    new EncodedValue(ValueType.Array, Uint8Array.of(0, 2, 0x02, 200, 0x00), 0, 5), // a narrow number in it
    new EncodedValue(ValueType.Map, Uint8Array.of(0, 2, 0, 1, 0x78, 0, 0, 1, 0x78, 0), 0, 10), // a repeated key
    new EncodedValue(ValueType.Array, Uint8Array.of(0, 3, 0x00, 0x00), 0, 4), // more elements than bytes
    new EncodedValue(ValueType.Array, Uint8Array.of(0, 1, 0x00, 0x00), 0, 4), // a byte behind it
  ),
);

const address = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('/a', '/a/b') },
  { weight: 2, arbitrary: fc.constantFrom(...addresses) },
);

/** Mostly messages of the everyday kinds, and some of those that surround them. */
const message: fc.Arbitrary<Message> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ address, value: encoded }).map((m) => ({ type: 'set', ...m }) as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        address,
        value: encoded,
        lock: fc.constantFrom(true, undefined),
        unlock: fc.constantFrom(true, undefined),
        ttl: fc.constantFrom(0, 1, 60, undefined),
        revision: fc.constantFrom(1, 2, 3, undefined),
      })
      .map((m) => ({ type: 'set', ...m }) as const),
  },
  {
    weight: 10,
    arbitrary: fc
      .record({ address, value: encoded, signal: fc.constantFrom('event', 'stream') })
      .map((m) => ({ type: 'publish', ...m }) as const),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        address,
        value: encoded,
        signal: fc.constantFrom('event', 'stream', 'gesture', 'timeline', 'param'),
        phase: fc.constantFrom('start', 'move', 'end', undefined),
        id: fc.constantFrom(1, undefined),
        timestamp: fc.constantFrom(5, undefined),
        rate: fc.constantFrom(44, undefined),
      })
      .map((m) => ({ type: 'publish', ...m }) as const),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('subscribe'),
      id: fc.nat(3),
      pattern: fc.constantFrom(...patterns),
      types: fc.constantFrom(undefined, ['param'], ['event', 'stream']),
      options: fc.constantFrom(undefined, undefined, { maxRate: 2 }, { epsilon: 0.5 }, { window: 100 }),
    }),
  },
  fc.record({ type: fc.constant('unsubscribe'), id: fc.nat(3) }) as fc.Arbitrary<Message>,
  fc.record({ type: fc.constant('get'), address }) as fc.Arbitrary<Message>,
);

type Step =
  | { readonly kind: 'send'; readonly from: number; readonly message: Message; readonly qos: 0 | 1 | 2 }
  /** A frame with one changed byte behind its lengths. */
  | {
      readonly kind: 'garble';
      readonly from: number;
      readonly message: Message;
      readonly at: number;
      readonly by: number;
    }
  | { readonly kind: 'advance'; readonly seconds: number }
  | { readonly kind: 'congest' | 'drain' | 'leave'; readonly from: number }
  | { readonly kind: 'join'; readonly form: number; readonly grant: number }
  /** Time passes before the router does what is due. */
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'tick' };

const from = fc.nat(4);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({ kind: fc.constant('send'), from, message, qos: fc.constantFrom(0, 1, 1, 2) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('garble'),
      from,
      message,
      at: fc.nat(40),
      by: fc.integer({ min: 1, max: 255 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('advance', 'wait'),
      seconds: fc.constantFrom(0.01, 0.3, 2, 70),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('congest', 'drain', 'leave'), from }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('join'), form: fc.nat(4), grant: fc.nat(3) }) },
  { weight: 8, arbitrary: fc.constant({ kind: 'tick' } as const) },
);

const options: readonly TwoPathsOptions[] = [
  {},
  { isObserved: true },
  { isRecorded: true },
  { isObserved: true, maxParams: 2, paramTtlSeconds: 1 },
  { acks: 'always', unknownAddress: 'silent' },
  { maxParams: 2 },
  { maxParams: 2, eviction: 'reject', maxValueBytes: 8 },
  { paramTtlSeconds: 1, maxLockSeconds: 1 },
  { historyRules: [{ pattern: parsePattern('/a/**'), depth: 3 }] },
  { maxParamBytes: 3_000 },
  { isVisible: (seen) => seen !== '/c/1/x' },
];

function run(settings: TwoPathsOptions, steps: readonly Step[], isAuthenticated: boolean): void {
  const paths = new TwoPaths(isAuthenticated ? { ...settings, securityMode: 'authenticated' } : settings);
  const join = (form: number, kindOfGrant: number): void => {
    const grants: readonly Partial<Grant>[] = [
      { scopes: parseScopes('write:/**,read:/**') },
      { scopes: parseScopes('write:/a/**,read:/**'), expiresAtSeconds: 1_767_225_660 },
      { scopes: parseScopes('read:/**') },
      {
        tokenId: 'bounded',
        scopes: parseScopes('write:/**'),
        constraints: [{ pattern: parsePattern('/a'), maxRate: 1 }],
      },
    ];
    const grant = grants[kindOfGrant];
    paths.join(
      form === 1 || form === 3 ? { framing: 'websocket' } : form === 2 ? { isLocal: true } : { maxQueueMessages: 3 },
      isAuthenticated ? { token: 'token' } : {},
      isAuthenticated && grant !== undefined ? { tokenId: `token-${kindOfGrant}`, ...grant } : undefined,
      form === 1 ? 'json' : 'binary',
    );
  };
  for (let grant = 0; grant < 3; grant++) join(0, grant);
  for (const taken of steps) {
    switch (taken.kind) {
      case 'send':
        paths.send(taken.from, taken.message, taken.qos);
        break;
      case 'garble': {
        const bytes = encodeFrame(taken.message);
        const at = 4 + (taken.at % (bytes.length - 4));
        bytes[at] = bytes[at]! ^ taken.by;
        paths.frame(taken.from, bytes);
        break;
      }
      case 'wait':
        paths.wait(taken.seconds);
        break;
      case 'advance':
        paths.advance(taken.seconds);
        break;
      case 'congest':
      case 'drain':
        paths.setPhase(taken.from, taken.kind === 'congest' ? 'congested' : 'active');
        break;
      case 'leave':
        paths.lose(taken.from);
        break;
      case 'join':
        join(taken.form, taken.grant);
        break;
      case 'tick':
        paths.both(({ harness }) => {
          harness.settle();
        });
        paths.compare();
    }
  }
  paths.finish();
}

describe('the direct path', () => {
  it.each(options.map((settings, index) => ({ index, settings })))(
    'gives the same bytes, params and statistics as the decoded path, with options $index',
    ({ settings }) => {
      runRandomSteps(step, 100, (steps, isAuthenticated) => {
        run(settings, steps, isAuthenticated);
      });
    },
  );
});
