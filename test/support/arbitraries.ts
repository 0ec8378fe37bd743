import fc from 'fast-check';
import { federationOps, features, gesturePhases, signalTypes } from '../../src/protocol/enumerations.js';
import type {
  Keyframe,
  Message,
  MessageType,
  SignalDefinition,
  SignalMeta,
  SnapshotEntry,
  Transmitted,
  SubscribeOptions,
  Timeline,
} from '../../src/protocol/messages/message.js';
import type { U64 } from '../../src/protocol/u64.js';
import { type EncodedValue, encodeValue } from '../../src/protocol/values/encoded-value.js';
import { INT_MAX, INT_MIN, type Value } from '../../src/protocol/values/value.js';

/**
 * Random values and messages that every encoder accepts. Boundaries where codecs fail are overrepresented: int64
 * extremes, NaN, -0, U+FEFF, `__proto__`, u64 beyond 2^53.
 */

/** Strings without lone surrogates, which have no UTF-8 encoding. */
export const arbitraryText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '',
      '\ufeff',
      '\ufeffx',
      'a\0b',
      '💡',
      '\u{10ffff}',
      'e\u0301',
      '日本語',
      '\u007f\u0080\u07ff\u0800\uffff',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 90, maxLength: 160 }) },
);

/** Keys that a plain object would lose, reorder or change, among ordinary ones. */
export const arbitraryKey: fc.Arbitrary<string> = fc.oneof(
  arbitraryText,
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '0',
    '10',
    '9',
    '-1',
    '$int',
    '$map',
    'type',
    '',
  ),
);

/** Addresses as codecs see them: mostly valid ones, and any string. */
export const arbitraryAddress: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(fc.oneof(fc.constantFrom('lights', '3', 'dim', 'zone', ''), fc.string({ maxLength: 6 })), {
        minLength: 1,
        maxLength: 5,
      })
      .map((segments) => `/${segments.join('/')}`),
  },
  { weight: 1, arbitrary: arbitraryText },
);

export const arbitraryPattern: fc.Arbitrary<string> = fc.oneof(
  arbitraryAddress,
  fc
    .array(fc.constantFrom('lights', '*', '**', 'zone*', '*ne', 'a*b'), { minLength: 1, maxLength: 5 })
    .map((segments) => `/${segments.join('/')}`),
);

export const arbitraryU8: fc.Arbitrary<number> = fc.integer({ min: 0, max: 0xff });
export const arbitraryU16: fc.Arbitrary<number> = fc.integer({ min: 0, max: 0xffff });
/** u32, with the sign bit set in half of the cases. */
export const arbitraryU32: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
);

/** u64 that a double represents exactly: the range of the official JavaScript client. */
export const arbitrarySafeU64: fc.Arbitrary<number> = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 1, 0xffff_ffff, 0x1_0000_0000, 1_704_067_200_000_000, Number.MAX_SAFE_INTEGER),
);

/** u64 in canonical form: a number while it is safe, a bigint beyond. */
export const arbitraryU64: fc.Arbitrary<U64> = fc.oneof(
  { weight: 3, arbitrary: arbitrarySafeU64 },
  { weight: 1, arbitrary: fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }) },
  { weight: 1, arbitrary: fc.constantFrom(2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n) },
);

export const arbitraryFloat: fc.Arbitrary<number> = fc.oneof(
  fc.double(),
  fc.constantFrom(
    0,
    -0,
    1,
    0.1,
    Math.fround(0.1),
    5e-324,
    Number.MAX_VALUE,
    2 ** 53,
    -(2 ** 63),
    NaN,
    Infinity,
    -Infinity,
  ),
);

export const arbitraryInt: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: INT_MIN, max: INT_MAX }),
  fc.constantFrom(
    0n,
    1n,
    -1n,
    -128n,
    127n,
    255n,
    -32_768n,
    0x7fff_ffffn,
    -0x8000_0000n,
    2n ** 53n,
    -(2n ** 53n) - 1n,
    INT_MIN,
    INT_MAX,
  ),
);

export interface ValueOptions {
  /** Nesting of containers. @default 4 */
  readonly maxDepth?: number;
  /** @default true */
  readonly ints?: boolean;
  /** @default true */
  readonly bytes?: boolean;
  /** @default {@link arbitraryFloat} */
  readonly float?: fc.Arbitrary<number>;
  /** @default {@link arbitraryText} */
  readonly text?: fc.Arbitrary<string>;
  /** Map keys. @default {@link arbitraryKey} */
  readonly key?: fc.Arbitrary<string>;
}

/** Any value, with Ints and Floats distinguished. */
export function arbitraryValue(options: ValueOptions = {}): fc.Arbitrary<Value> {
  const {
    maxDepth = 4,
    ints = true,
    bytes = true,
    float = arbitraryFloat,
    text = arbitraryText,
    key = arbitraryKey,
  } = options;
  const leaf = fc.oneof<fc.Arbitrary<Value>[]>(
    fc.constant(null),
    fc.boolean(),
    float,
    text,
    ...(ints ? [arbitraryInt] : []),
    ...(bytes ? [fc.uint8Array({ maxLength: 12 })] : []),
  );
  return fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth, withCrossShrink: true },
      { weight: 4, arbitrary: leaf },
      { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
      { weight: 1, arbitrary: arbitraryMap(key, tie('value')) },
    ),
  })).value;
}

/** A map value. */
export function arbitraryMap(key: fc.Arbitrary<string>, value: fc.Arbitrary<Value>): fc.Arbitrary<Map<string, Value>> {
  return fc
    .uniqueArray(fc.tuple(key, value), { maxLength: 4, selector: ([name]) => name })
    .map((entries) => new Map(entries));
}

export interface MessageOptions {
  /** Omits what compact binary cannot carry, and includes what its decoder always reports. @default false */
  readonly binary?: boolean;
  /** @default all nineteen */
  readonly types?: readonly MessageType[];
  /** Nesting of bundles, including the outermost. @default 2 */
  readonly bundleDepth?: number;
  readonly value?: ValueOptions;
  /** Every u64 field. @default {@link arbitraryU64} */
  readonly u64?: fc.Arbitrary<U64>;
  /** Every string that is no address, pattern or key. @default {@link arbitraryText} */
  readonly text?: fc.Arbitrary<string>;
  /** @default {@link arbitraryAddress} */
  readonly address?: fc.Arbitrary<string>;
  /** @default {@link arbitraryPattern} */
  readonly pattern?: fc.Arbitrary<string>;
}

export const messageTypes: readonly MessageType[] = [
  'hello',
  'welcome',
  'announce',
  'federationSync',
  'subscribe',
  'unsubscribe',
  'publish',
  'set',
  'get',
  'snapshot',
  'replay',
  'bundle',
  'sync',
  'ping',
  'pong',
  'ack',
  'error',
  'query',
  'result',
];

/** Any message as decoders return it: no empty token, no empty filter, no `lock: false`. */
export function arbitraryMessage(options: MessageOptions = {}): fc.Arbitrary<Message> {
  const { types = messageTypes, bundleDepth = 2 } = options;
  const table = messageTable(options);
  const possible = types.filter((type) => type !== 'bundle' || bundleDepth > 0);
  return fc.oneof(...possible.map((type) => table[type]()));
}

type Fields<T> = { [K in keyof T]-?: fc.Arbitrary<T[K]> };

/** A record of exactly these fields. By its type, a missing optional field does not compile. */
function fields<T>(arbitraries: Fields<T>): fc.Arbitrary<T> {
  return fc.record(arbitraries, { noNullPrototype: true }); // all keys of T, each of its type
}

function optional<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

const flag: fc.Arbitrary<true | undefined> = fc.constantFrom(true, undefined);

/** Only if the form has a field for it. */
function onlyIf<T>(there: boolean, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return there ? optional(arbitrary) : fc.constant(undefined);
}

/** One arbitrary per message type; functions, because a bundle contains the others. */
function messageTable(options: MessageOptions): Record<MessageType, () => fc.Arbitrary<Message>> {
  const { binary = false, u64 = arbitraryU64, text = arbitraryText, bundleDepth = 2 } = options;
  const { address = arbitraryAddress, pattern = arbitraryPattern } = options;
  const plainValue = arbitraryValue(options.value);
  const value = plainValue.map(encodeValue);
  const metaMap = arbitraryMap(options.value?.key ?? arbitraryKey, plainValue).map(encodeValue);
  const token = optional(text.filter((token) => token !== ''));
  const filter = optional(fc.subarray([...signalTypes], { minLength: 1 }));

  const meta: fc.Arbitrary<SignalMeta> = fields<SignalMeta>({
    unit: optional(text),
    range: optional(fc.tuple(arbitraryFloat, arbitraryFloat)),
    default: optional(value),
    description: optional(text),
  });
  const definition = (withMeta: boolean): fc.Arbitrary<SignalDefinition> =>
    fields<SignalDefinition>({
      address,
      type: fc.constantFrom(...signalTypes),
      datatype: optional(text),
      access: optional(text),
      meta: onlyIf(withMeta, meta),
    });

  return {
    hello: () =>
      fields({
        type: fc.constant('hello' as const),
        version: arbitraryU8,
        name: text,
        features: fc.subarray([...features]),
        token,
        capabilities: onlyIf(!binary, fields({ encryption: optional(fc.boolean()), compression: optional(text) })),
      }),
    welcome: () =>
      fields({
        type: fc.constant('welcome' as const),
        version: arbitraryU8,
        session: text,
        name: text,
        features: fc.subarray(features.filter((feature) => feature !== 'federation')),
        time: u64,
        token,
      }),
    announce: () =>
      fields({
        type: fc.constant('announce' as const),
        namespace: text,
        signals: fc.array(definition(true), { maxLength: 3 }),
        meta: onlyIf(!binary, metaMap),
      }),
    federationSync: () =>
      fields({
        type: fc.constant('federationSync' as const),
        op: fc.constantFrom(...federationOps),
        patterns: fc.array(pattern, { maxLength: 3 }),
        revisions: fc
          .uniqueArray(fc.tuple(fc.oneof(address, fc.constant('__proto__')), u64), {
            maxLength: 3,
            selector: ([name]) => name,
          })
          .map((entries) => new Map(entries)),
        sinceRevision: optional(u64),
        origin: optional(text),
      }),
    subscribe: () =>
      fields({
        type: fc.constant('subscribe' as const),
        id: arbitraryU32,
        pattern,
        types: filter,
        options: optional(subscribeOptions),
      }),
    unsubscribe: () => fields({ type: fc.constant('unsubscribe' as const), id: arbitraryU32 }),
    publish: () =>
      contentOf(value).chain((content) =>
        fields({
          type: fc.constant('publish' as const),
          address,
          signal: binary ? fc.constantFrom(...signalTypes) : fc.constantFrom(...signalTypes, undefined),
          value: fc.constant(content.value),
          samples: fc.constant(content.samples),
          timestamp: optional(u64),
          id: optional(arbitraryU32),
          phase: binary ? fc.constantFrom(...gesturePhases) : fc.constantFrom(...gesturePhases, undefined),
          rate: optional(arbitraryU32),
          timeline: onlyIf(!binary, timeline(value, u64, text)),
        }),
      ),
    set: () =>
      optional(fc.oneof(fc.integer({ min: 0, max: 0x7fff_ffff }), fc.constantFrom(0, 1, 0x7fff_ffff))).chain((ttl) =>
        fields({
          type: fc.constant('set' as const),
          address,
          value,
          revision: optional(u64),
          lock: flag,
          unlock: flag,
          ttl: fc.constant(ttl),
          absolute: ttl === undefined ? fc.constant(undefined) : flag,
        }),
      ),
    get: () => fields({ type: fc.constant('get' as const), address }),
    snapshot: () =>
      fields({
        type: fc.constant('snapshot' as const),
        params: fc.array(
          fields<Transmitted<SnapshotEntry>>({
            address,
            value,
            revision: u64,
            writer: optional(text),
            timestamp: optional(u64),
          }),
          { maxLength: 4 },
        ),
      }),
    replay: () =>
      fields({
        type: fc.constant('replay' as const),
        pattern,
        from: optional(u64),
        to: optional(u64),
        limit: optional(arbitraryU32),
        types: filter,
      }),
    bundle: () =>
      fields({
        type: fc.constant('bundle' as const),
        timestamp: optional(u64),
        messages: fc.array(arbitraryMessage({ ...options, types: innerTypes(options), bundleDepth: bundleDepth - 1 }), {
          maxLength: 4,
        }),
      }),
    sync: () => fields({ type: fc.constant('sync' as const), t1: u64, t2: optional(u64), t3: optional(u64) }),
    ping: () => fc.constant({ type: 'ping' }),
    pong: () => fc.constant({ type: 'pong' }),
    ack: () =>
      fields({
        type: fc.constant('ack' as const),
        address: optional(address),
        revision: optional(u64),
        locked: optional(fc.boolean()),
        holder: optional(text),
        correlationId: optional(arbitraryU32),
      }),
    error: () =>
      fields({
        type: fc.constant('error' as const),
        code: arbitraryU16,
        message: text,
        address: optional(address),
        correlationId: optional(arbitraryU32),
      }),
    query: () => fields({ type: fc.constant('query' as const), pattern }),
    result: () =>
      fields({ type: fc.constant('result' as const), signals: fc.array(definition(!binary), { maxLength: 3 }) }),
  };
}

/** A bundle requested alone still needs types for its messages. */
function innerTypes({ types = messageTypes }: MessageOptions): readonly MessageType[] {
  const others = types.filter((type) => type !== 'bundle');
  return others.length === 0 ? ['set', 'publish', ...types] : types;
}

/** Empty options are encoded like absent ones, so there is at least one. */
const subscribeOptions: fc.Arbitrary<SubscribeOptions> = fields<SubscribeOptions>({
  maxRate: optional(arbitraryU32),
  epsilon: optional(arbitraryFloat),
  history: optional(arbitraryU32),
  window: optional(arbitraryU32),
}).filter((options) => Object.values(options).some((option) => option !== undefined));

interface Content {
  readonly value?: EncodedValue;
  readonly samples?: readonly number[];
}

/** PUBLISH has one slot: a value, samples, or nothing. */
function contentOf(value: fc.Arbitrary<EncodedValue>): fc.Arbitrary<Content> {
  return fc.oneof<fc.Arbitrary<Content>[]>(
    value.map((value) => ({ value })),
    fc.array(arbitraryFloat, { maxLength: 5 }).map((samples) => ({ samples })),
    fc.constant({}),
  );
}

function timeline(
  value: fc.Arbitrary<EncodedValue>,
  u64: fc.Arbitrary<U64>,
  text: fc.Arbitrary<string>,
): fc.Arbitrary<Timeline> {
  const keyframe = fields<Keyframe>({
    time: u64,
    value,
    easing: optional(
      fc.oneof(fc.constantFrom('linear', 'ease-in', 'ease-out', 'ease-in-out', 'step', 'cubic-bezier'), text),
    ),
    bezier: optional(fc.tuple(arbitraryFloat, arbitraryFloat, arbitraryFloat, arbitraryFloat)),
  });
  return fields<Timeline>({
    keyframes: fc.array(keyframe, { maxLength: 3 }),
    loop: optional(fc.boolean()),
    startTime: optional(u64),
    duration: optional(u64),
  });
}
