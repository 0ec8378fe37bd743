import { describe, expect, it } from '@jest/globals';
import {
  dropNotice,
  highWaterMark,
  isCongested,
  isNoticeDue,
  judgeQueue,
  mustCloseLargestSocket,
  publishRetention,
  queueOverflow,
  REPLY_RETENTION,
  type Retention,
  SET_RETENTION,
  socketOverflow,
} from '../../../src/core/congestion/policy.js';
import { SendQueue } from '../../../src/core/congestion/send-queue.js';
import { gesturePhases, type SignalType, signalTypes } from '../../../src/protocol/enumerations.js';
import type { PublishMessage } from '../../../src/protocol/messages/message.js';

/** Retention of each kind of output. The type requires a row for a new signal type. */
const publishes: Readonly<Record<SignalType, Retention | 'by phase'>> = {
  param: 'keep',
  event: 'keep',
  stream: 'droppable',
  gesture: 'by phase',
  timeline: 'keep',
};
const phases = { start: 'keep', move: 'droppable', end: 'keep', cancel: 'keep' } as const;

const kinds: readonly (readonly [kind: string, retention: Retention, expected: Retention])[] = [
  ['a SET', SET_RETENTION, 'latest'],
  ['a reply', REPLY_RETENTION, 'keep'],
  ['a PUBLISH without a type', publishRetention(publish(undefined, undefined)), 'keep'],
  ...signalTypes.flatMap((type) =>
    [undefined, ...gesturePhases].map((phase) => {
      const byType = publishes[type];
      const expected = byType !== 'by phase' ? byType : phase === undefined ? 'keep' : phases[phase];
      return [`a PUBLISH of a ${type}, phase ${phase}`, publishRetention(publish(type, phase)), expected] as const;
    }),
  ),
];

function publish(signal: PublishMessage['signal'], phase: PublishMessage['phase']): PublishMessage {
  return { type: 'publish', address: '/a', signal, phase };
}

const LIMITS = { maxBytes: 20, maxMessages: 2 };

/** Queues before a message of 10 bytes arrives, and the result for each retention of that message. */
const states: readonly {
  readonly state: string;
  readonly queued: readonly (readonly [address: string, retention: Retention])[];
  readonly result: Readonly<Record<Retention, { readonly left: number; readonly fits: boolean }>>;
  readonly dropped: Readonly<Record<Retention, number>>;
}[] = [
  {
    state: 'empty',
    queued: [],
    result: { keep: { left: 1, fits: true }, latest: { left: 1, fits: true }, droppable: { left: 1, fits: true } },
    dropped: { keep: 0, latest: 0, droppable: 0 },
  },
  {
    state: 'at its limit, with a droppable message',
    queued: [
      ['/e', 'keep'],
      ['/s', 'droppable'],
    ],
    result: { keep: { left: 2, fits: true }, latest: { left: 2, fits: true }, droppable: { left: 2, fits: true } },
    dropped: { keep: 1, latest: 1, droppable: 1 },
  },
  {
    state: 'at its limit, with an older value of the address',
    queued: [
      ['/e', 'keep'],
      ['/a', 'latest'],
    ],
    result: { keep: { left: 3, fits: false }, latest: { left: 2, fits: true }, droppable: { left: 2, fits: true } },
    dropped: { keep: 0, latest: 0, droppable: 1 },
  },
  {
    state: 'at its limit, with messages to keep only',
    queued: [
      ['/e', 'keep'],
      ['/e', 'keep'],
    ],
    result: { keep: { left: 3, fits: false }, latest: { left: 3, fits: false }, droppable: { left: 2, fits: true } },
    dropped: { keep: 0, latest: 0, droppable: 1 },
  },
];

describe('the congestion policy', () => {
  it.each(kinds)('gives %s its retention', (_, retention, expected) => expect(retention).toBe(expected));

  const rows = states.flatMap(({ state, queued, result, dropped }) =>
    kinds.map(([kind, retention]) => ({
      state,
      kind,
      retention,
      queued,
      expected: { ...result[retention], dropped: dropped[retention] },
    })),
  );

  it.each(rows)('decides about $kind in a queue that is $state', ({ queued, retention, expected }) => {
    const queue = new SendQueue(LIMITS);
    const bytes = new Uint8Array(10);
    for (const [address, held] of queued) queue.push(bytes, held, address);
    const fits = queue.push(bytes, retention, '/a');
    expect({ left: queue.messages, fits, dropped: queue.dropped }).toEqual(expected);
  });

  it.each([
    [{ bytes: 20, reservedBytes: 0, messages: 2, droppable: 0 }, 'fits'],
    [{ bytes: 21, reservedBytes: 0, messages: 1, droppable: 0 }, 'close'],
    [{ bytes: 21, reservedBytes: 0, messages: 1, droppable: 1 }, 'dropOldest'],
    [{ bytes: 1, reservedBytes: 0, messages: 3, droppable: 0 }, 'close'],
    [{ bytes: 1, reservedBytes: 0, messages: 3, droppable: 2 }, 'dropOldest'],
    [{ bytes: 11, reservedBytes: 10, messages: 1, droppable: 0 }, 'close'],
  ] as const)('judges a queue of %j as %s', (state, verdict) => expect(judgeQueue(state, LIMITS)).toBe(verdict));

  it.each([
    ['session', 'Too slow: 3 messages (30 bytes) were waiting, more than this router keeps for one session'],
    [
      'router',
      'Too slow: 3 messages (30 bytes) were waiting, the most of all, and together more than this router keeps',
    ],
  ] as const)('closes a session above the limit of the %s with ERROR 503 and the facts', (limit, message) => {
    expect(queueOverflow({ messages: 3, bytes: 30, reservedBytes: 0 }, limit)).toMatchObject({ code: 503, message });
  });

  const sockets = { maxSendBufferBytes: 1_000_000, highWaterBytes: 500_000 };

  it.each([
    [500_000, sockets, 500_000],
    [500_001, sockets, 65_536],
    [500_001, { ...sockets, highWaterBytes: 1_000 }, 1_000],
    [2 ** 40, { ...sockets, maxSendBufferBytes: 0 }, 500_000],
  ])('with %d bytes in all sockets and the limits %j, has the high-water mark %d', (bytes, limits, mark) => {
    expect(highWaterMark(bytes, limits)).toBe(mark);
  });

  it('calls a session congested above the high-water mark', () => {
    expect([isCongested(100, 100), isCongested(101, 100)]).toEqual([false, true]);
  });

  it('closes the session with the largest socket above the limit of all sockets', () => {
    expect([1_000_000, 1_000_001].map((bytes) => mustCloseLargestSocket(bytes, sockets))).toEqual([false, true]);
    expect(mustCloseLargestSocket(2 ** 40, { ...sockets, maxSendBufferBytes: 0 })).toBe(false);
    expect(socketOverflow(700_000, sockets)).toBe(
      'too slow: its socket held 700000 bytes, the most of all, and all together more than 1000000 (maxSendBufferBytes)',
    );
  });

  it('notifies a session of its drops after 100 in a window, at most once per 10 s', () => {
    expect([isNoticeDue(99, Infinity), isNoticeDue(100, Infinity)]).toEqual([false, true]);
    expect([isNoticeDue(500, 9_999_999), isNoticeDue(500, 10_000_000)]).toEqual([false, true]);
    const message = 'Buffer overflow: messages being dropped (120 drops in last 10 seconds)';
    expect(dropNotice(120)).toMatchObject({ code: 503, message });
  });
});
