import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import type { Recorder } from '../../../src/core/recorder.js';
import { encodeFrame } from '../../../src/protocol/frame.js';
import type { Message, PublishMessage, SetMessage } from '../../../src/protocol/messages/message.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { parseScopes } from '../../../src/protocol/scope.js';
import { type Value } from '../../../src/protocol/values/value.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { runRandomSteps, TwoPaths, type TwoPathsOptions } from './two-paths.js';

const long = `/a/${'x'.repeat(300)}`;
const addresses = [
  '/a',
  '/a/',
  '/a/b',
  '/a/bc',
  '/ab',
  long,
  `${long}y`,
  '/',
  '',
  '/$clasp/sessions',
  '/clasp/p2p/announce',
];
const address = fc.oneof({ weight: 3, arbitrary: fc.constantFrom('/a', '/a/b') }, fc.constantFrom(...addresses));
const value = fc.constantFrom(0.5, 1n, true, null, '', 'on', new Uint8Array(0), 'v'.repeat(5_000)).map(encodeValue);

const set: fc.Arbitrary<SetMessage> = fc.record({
  type: fc.constant('set'),
  address,
  value,
  lock: fc.constantFrom(undefined, undefined, undefined, true),
  unlock: fc.constantFrom(undefined, undefined, undefined, true),
});
const publish: fc.Arbitrary<PublishMessage> = fc.record({
  type: fc.constant('publish'),
  address,
  value,
  signal: fc.constantFrom('event', 'event', 'stream', 'gesture'),
  phase: fc.constantFrom(undefined, undefined, 'start', 'move', 'end', 'cancel'),
});

const peerTarget = fc.record({ from: fc.nat(3), to: fc.nat(4), value });

/** Its session leaves this when it is lost. */
const will = encodeValue(
  new Map<string, Value>([
    ['type', 'BUNDLE'],
    [
      'messages',
      [
        new Map<string, Value>([
          ['type', 'SET'],
          ['address', '/a/b'],
          ['value', 'gone'],
        ]),
      ],
    ],
  ]),
);

const surrounding: fc.Arbitrary<Message> = fc.oneof(
  fc
    .record({ messages: fc.array(fc.oneof(set, publish), { maxLength: 4 }), isLater: fc.boolean() })
    .map(({ messages, isLater }) => ({
      type: 'bundle' as const,
      messages,
      timestamp: isLater ? 1_767_225_601_000_000 : undefined,
    })),
  fc.record({ address, hasWill: fc.boolean() }).map(({ address: named, hasWill }) => ({
    type: 'announce' as const,
    namespace: '/a',
    signals: [
      { address: named, type: 'param' as const },
      ...(hasWill ? [{ address: '/$clasp/will', type: 'param' as const, meta: { default: will } }] : []),
    ],
  })),
  fc.record({
    type: fc.constant('subscribe' as const),
    id: fc.nat(3),
    pattern: fc.constantFrom('/**', '/a/*', '/a', '/a/**', '/$clasp/**'),
    options: fc.constantFrom(undefined, undefined, { maxRate: 1 }),
  }),
  fc.record({ type: fc.constant('unsubscribe' as const), id: fc.nat(3) }),
  fc.constant<Message>({ type: 'query', pattern: '/**' }),
  fc.record({ type: fc.constant('get' as const), address }),
);

type Step =
  | { readonly kind: 'send'; readonly from: number; readonly message: Message; readonly qos: 0 | 1 | 2 }
  | { readonly kind: 'cbor'; readonly from: number; readonly message: Message }
  /** A frame with other header bits or lengths, or bytes behind it. */
  | {
      readonly kind: 'odd';
      readonly from: number;
      readonly message: Message;
      readonly flags: number;
      readonly more: number;
    }
  | { readonly kind: 'peer'; readonly from: number; readonly to: number; readonly value: SetMessage['value'] }
  | { readonly kind: 'remove'; readonly address: string }
  | { readonly kind: 'join'; readonly form: number }
  | { readonly kind: 'leave' | 'congest' | 'drain'; readonly from: number }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'revoke' | 'visibility' | 'restore' | 'record' | 'tick' | 'task' };

const from = fc.nat(4);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 24,
    arbitrary: fc.record({
      kind: fc.constant('send'),
      from,
      message: fc.oneof({ weight: 3, arbitrary: set }, { weight: 2, arbitrary: publish }),
      qos: fc.constantFrom(0, 1, 2),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('send'), from, message: surrounding, qos: fc.constant(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cbor'), from, message: fc.oneof(set, publish) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('odd'),
      from,
      message: fc.oneof(set, publish),
      flags: fc.nat(255),
      more: fc.integer({ min: -3, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: peerTarget.map((target) => ({ kind: 'peer', ...target }) as const) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), address }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('join'), form: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('leave', 'congest', 'drain'), from }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), seconds: fc.constantFrom(0.02, 1, 61) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('revoke', 'visibility', 'restore', 'record', 'task') }),
  },
  { weight: 6, arbitrary: fc.constant({ kind: 'tick' }) },
); // invariant: each record has the fields of its kind

const settings: readonly TwoPathsOptions[] = [
  {},
  { isObserved: true, maxParams: 3 },
  { isRecorded: true, maxParams: 3 },
  { writeHistory: [{ pattern: parsePattern('/a/**'), depth: 2 }], maxWriteHistoryBytes: 2_000 },
  { maxTimelines: 4, gestureIntervalMs: 16, paramTtlSeconds: 30, acks: 'always' },
];

const noRecorder: Recorder = { record: () => undefined };

function run(options: TwoPathsOptions, steps: readonly Step[], isAuthenticated: boolean): void {
  let isHidden = false;
  const paths = new TwoPaths({
    ...options,
    ...(isAuthenticated && { securityMode: 'authenticated' as const }),
    isVisible: (seen) => !isHidden || seen !== '/a/b',
  });
  const join = (form: number): void => {
    paths.join(
      form === 1
        ? { framing: 'websocket' }
        : form === 2
          ? { isLocal: true }
          : { maxQueueMessages: 5, maxQueueBytes: 20_000 },
      isAuthenticated ? { token: 'token' } : {},
      isAuthenticated
        ? { tokenId: `token-${form}`, scopes: parseScopes(form === 3 ? 'write:/a,read:/**' : 'admin:/**') }
        : undefined,
    );
  };
  for (const form of [0, 3, 2]) join(form);
  for (const taken of steps) {
    switch (taken.kind) {
      case 'send':
        paths.send(taken.from, taken.message, taken.qos);
        break;
      case 'cbor':
        paths.frame(taken.from, encodeFrame(taken.message, { encoding: 'cbor' }));
        break;
      case 'odd': {
        const frame = encodeFrame(taken.message);
        const bytes = new Uint8Array(Math.max(1, frame.length + taken.more));
        bytes.set(frame.subarray(0, bytes.length));
        if (bytes.length > 1) bytes[1] = taken.flags;
        paths.frame(taken.from, bytes);
        break;
      }
      case 'peer':
        paths.both(({ harness, peers }) => {
          const target = peers[taken.to]?.id ?? 'unknown';
          const sender = peers[taken.from];
          if (sender === undefined) return;
          const address = `/clasp/p2p/signal/${target}`;
          harness.core.beginBatch();
          sender.send({ type: 'publish', address, signal: 'event', value: taken.value });
        });
        break;
      case 'remove':
        paths.both(({ peers }) => {
          const local = peers.find(({ session }) => session.link.deliver !== undefined);
          local?.send({ type: 'remove', address: taken.address });
        });
        break;
      case 'join':
        join(taken.form);
        break;
      case 'leave':
        paths.lose(taken.from);
        break;
      case 'congest':
      case 'drain':
        paths.both(({ harness, peers }) => {
          const session = peers[taken.from]?.session;
          if (session?.established !== true) return;
          session.phase = taken.kind === 'congest' ? 'congested' : 'active';
          if (taken.kind === 'drain') harness.core.resume(session);
        });
        break;
      case 'pass':
        paths.advance(taken.seconds);
        break;
      case 'revoke':
        paths.both(({ harness }) => {
          harness.core.revoke('token-3');
        });
        break;
      case 'visibility':
        isHidden = !isHidden;
        paths.both(({ harness }) => {
          harness.core.visibilityChanged();
        });
        break;
      case 'restore':
        paths.both(({ harness: { core, nowMicros } }) => {
          const value = encodeValue(0.25);
          const restored = { address: '/a', value, revision: 40, writer: 'earlier', timestampMicros: nowMicros };
          core.restore({ params: [restored], gone: [['/a/b', 7]], signals: [] });
        });
        break;
      case 'record':
        paths.both(({ harness: { core } }) => {
          core.recorder = noRecorder;
          core.recorder = undefined;
        });
        break;
      case 'task':
        paths.both(({ harness }) => {
          harness.core.advanceTasks();
        });
        break;
      case 'tick':
        paths.compare();
    }
  }
  paths.finish();
}

describe('the direct path', () => {
  it.each(settings.map((options, index) => ({ index, options })))(
    'changes nothing for the messages and events around it, with options $index',
    ({ options }) => {
      runRandomSteps(step, 60, (steps, isAuthenticated) => {
        run(options, steps, isAuthenticated);
      });
    },
  );
});
