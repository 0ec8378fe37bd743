import { beforeEach, describe, expect, it } from '@jest/globals';
import { SendQueueBudget } from '../../../src/core/congestion/send-queue-budget.js';
import { Dispatcher } from '../../../src/core/delivery/dispatcher.js';
import { FanOut } from '../../../src/core/delivery/fan-out.js';
import { HeldReplies } from '../../../src/core/delivery/held-replies.js';
import { PeerSignaling } from '../../../src/core/publish/peer-signaling.js';
import { Replies } from '../../../src/core/delivery/replies.js';
import { subscription } from '../../../src/core/subscriptions/subscription.js';
import { SubscriptionIndex } from '../../../src/core/subscriptions/subscription-index.js';
import type { SessionPhase } from '../../../src/core/session-events.js';
import { ErrorCode } from '../../../src/protocol/errors.js';
import type { PublishMessage } from '../../../src/protocol/messages/message.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { CoreHarness, type Peer, plain, START_MICROS } from '../../support/core-harness.js';

const ANNOUNCE = '/clasp/p2p/announce';

/** The ports as in a router: real outboxes and a real index, written only here. */
class Bench {
  readonly #harness = new CoreHarness();
  readonly #sessions = new Map<string, Peer>();
  readonly #index = new SubscriptionIndex(
    () => [],
    () => true,
  );
  readonly #replies: Replies;
  readonly signals: PeerSignaling;

  constructor() {
    const sendQueues = new SendQueueBudget({ maxQueueBytesTotal: Infinity });
    const deliveries = new Dispatcher(sendQueues);
    this.#replies = new Replies(deliveries, new HeldReplies(deliveries, sendQueues));
    const fanOut = new FanOut(deliveries, this.#replies);
    this.signals = new PeerSignaling({
      find: (id) => this.#sessions.get(id)?.session,
      deliver: (target, message) => this.#replies.send(target, message),
      announce: (sender, message) =>
        fanOut.publish(this.#index.recipients(message.address, message.signal).groups, message, sender),
    });
  }

  join(options: { readonly maxQueueBytes?: number } = {}): Peer {
    const peer = this.#harness.connect(options);
    peer.session.phase = 'active';
    this.#sessions.set(peer.id, peer);
    return peer;
  }

  subscribe(peer: Peer, pattern: string): void {
    this.#index.add(subscription(peer.session, 1, parsePattern(pattern), undefined, undefined));
  }

  /** As the router handles a PUBLISH: checked, then delivered. */
  publish(sender: Peer, message: PublishMessage): void {
    expect(this.signals.handles(message.address)).toBe(true);
    this.signals.check(sender.session, message);
    this.signals.apply(sender.session, message);
  }

  leave(peer: Peer): void {
    peer.session.phase = 'closed';
    this.#sessions.delete(peer.id);
    this.signals.leave(peer.session, START_MICROS);
  }
}

function publish(address: string, value?: Value): PublishMessage {
  return { type: 'publish', address, signal: 'event', value: value === undefined ? undefined : encodeValue(value) };
}

function map(fields: Readonly<Record<string, Value>>): Value {
  return new Map(Object.entries(fields));
}

function signalTo(target: Peer | string, value?: Value): PublishMessage {
  return publish(`/clasp/p2p/signal/${typeof target === 'string' ? target : target.id}`, value);
}

function offer(from: Peer): Value {
  return map({ type: 'offer', from: from.id, sdp: 'v=0\r\n', correlation_id: 'c1' });
}

function announcement(of: Peer, capable = true): Value {
  return map({ session_id: of.id, p2p_capable: capable, features: ['webrtc'] });
}

function gone(peer: Peer): unknown {
  const value = map({ session_id: peer.id, p2p_capable: false });
  return { type: 'publish', address: ANNOUNCE, signal: 'event', phase: 'start', value, timestamp: START_MICROS };
}

let bench: Bench;
let ann: Peer;
let bob: Peer;
let eve: Peer;
beforeEach(() => {
  bench = new Bench();
  ann = bench.join();
  bob = bench.join();
  eve = bench.join();
});

describe('addresses of peer signaling', () => {
  it.each([
    ['/clasp/p2p/announce', true],
    ['/clasp/p2p/signal/3f2b8c1e-6a77-4a0b-9f57-0d1c2b3a4e5f', true],
    ['/clasp/p2p/signal/announce', true],
    ['/clasp/p2p/signal/', false], // names no session
    ['/clasp/p2p/signal', false],
    ['/clasp/p2p/signal/a/b', false],
    ['/clasp/p2p/signal/a/', false],
    ['/clasp/p2p/signals/a', false],
    ['/clasp/p2p/announce/', false],
    ['/clasp/p2p/announce/a', false],
    ['/clasp/p2p/announced', false],
    ['/clasp/p2p/chat', false],
    ['/clasp/p2p', false],
    ['/CLASP/p2p/announce', false],
    ['/show/clasp/p2p/announce', false],
    ['/lights/1', false],
    ['/', false],
  ])('%s: %s', (address, expected) => {
    expect(bench.signals.handles(address)).toBe(expected);
  });
});

describe('a signal', () => {
  it('reaches its target unchanged, without a subscription', () => {
    bench.publish(ann, { ...signalTo(bob, offer(ann)), timestamp: 7 });
    expect(plain(bob.read())).toEqual([
      {
        type: 'publish',
        address: `/clasp/p2p/signal/${bob.id}`,
        signal: 'event',
        phase: 'start', // the binary encoding writes this for a missing phase
        value: offer(ann),
        timestamp: 7,
      },
    ]);
  });

  it('reaches no other session, whatever its subscriptions, and a subscribed target once', () => {
    for (const peer of [ann, bob, eve]) bench.subscribe(peer, '/**');
    bench.publish(ann, signalTo(bob, offer(ann)));
    expect([ann, bob, eve].map((peer) => peer.read().length)).toEqual([0, 1, 0]);
  });

  it('to a session that does not exist is 404 with its ID and the address', () => {
    expect(() => bench.publish(ann, signalTo('nobody', offer(ann)))).toThrow(
      expect.objectContaining({
        code: ErrorCode.TargetNotFound,
        message: 'Target session not found: nobody',
        address: '/clasp/p2p/signal/nobody',
      }),
    );
  });

  it.each(['connecting', 'awaitingHello', 'draining', 'closed'] satisfies SessionPhase[])(
    'to a session that is %s is 404: a frame would arrive before its WELCOME or after its end',
    (phase) => {
      bob.session.phase = phase;
      expect(() => bench.publish(ann, signalTo(bob, offer(ann)))).toThrow(
        expect.objectContaining({ code: ErrorCode.TargetNotFound }),
      );
      expect(bob.read()).toEqual([]);
    },
  );

  it('is dropped if the target ends between check and delivery', () => {
    bench.signals.check(ann.session, signalTo(bob, offer(ann)));
    bench.leave(bob);
    bench.signals.apply(ann.session, signalTo(bob, offer(ann)));
    expect(bob.read()).toEqual([]);
  });

  it('is not delivered by the check', () => {
    bench.signals.check(ann.session, signalTo(bob, offer(ann)));
    expect(bob.read()).toEqual([]);
  });

  it('can be sent to its own sender', () => {
    bench.publish(ann, signalTo(ann, offer(ann)));
    expect(ann.read()).toHaveLength(1);
  });

  it('to a peer that reads nothing waits in that peer’s queue, and the sender continues', () => {
    bob.session.phase = 'congested';
    for (let i = 0; i < 1_000; i++) bench.publish(ann, signalTo(bob, offer(ann)));
    bench.publish(ann, signalTo(eve, offer(ann)));
    expect(bob.read()).toEqual([]);
    expect(eve.read()).toHaveLength(1);
    expect(bob.readBacklog()).toHaveLength(1_000); // none is conflated, because each message of an exchange counts
  });

  it('too many for a peer that reads nothing close that peer, not the sender', () => {
    const stuck = bench.join({ maxQueueBytes: 1_000 });
    stuck.session.phase = 'congested';
    while (stuck.session.established) bench.publish(ann, signalTo(stuck, offer(ann)));
    expect(stuck.events).toMatchObject([{ type: 'end.queueOverflowed', error: { code: ErrorCode.Overloaded } }]);
    expect(ann.events).toEqual([]);
    expect(() => bench.publish(ann, signalTo(stuck, offer(ann)))).toThrow(
      expect.objectContaining({ code: ErrorCode.TargetNotFound }),
    );
  });
});

describe('the sender in a payload', () => {
  it('is 403 in a signal if it is another session: a session cannot claim another identity', () => {
    expect(() => bench.publish(eve, signalTo(bob, offer(ann)))).toThrow(
      expect.objectContaining({
        code: ErrorCode.Refused,
        message: '"from" is not the session id of the sender',
        address: `/clasp/p2p/signal/${bob.id}`,
      }),
    );
    expect(bob.read()).toEqual([]);
  });

  it('is 403 in an announcement if it is another session, and the sender does not count as capable', () => {
    bench.subscribe(bob, ANNOUNCE);
    expect(() => bench.publish(eve, publish(ANNOUNCE, announcement(ann)))).toThrow(
      expect.objectContaining({
        code: ErrorCode.Refused,
        message: '"session_id" is not the session id of the sender',
        address: ANNOUNCE,
      }),
    );
    bench.leave(eve);
    expect(bob.read()).toEqual([]);
  });

  it('is 403 if it differs slightly from the sender', () => {
    for (const from of ['', eve.id.slice(1), `${eve.id} `]) {
      expect(() => bench.publish(eve, signalTo(bob, map({ from })))).toThrow(
        expect.objectContaining({ code: ErrorCode.Refused }),
      );
    }
  });

  it.each<readonly [string, Value | undefined]>([
    ['no value', undefined],
    ['null', null],
    ['a text', 'from'],
    ['an array', ['from', 'x']],
    ['a map without it', new Map([['type', 'offer']])],
    ['a map where it is no text', new Map([['from', 1n]])],
    ['a map with it further inside', new Map([['reason', new Map([['from', 'x']])]])],
    ['a map with the field of the other kind', new Map([['session_id', 'x']])],
  ])('is optional: a signal with %s passes', (_, value) => {
    bench.publish(ann, signalTo(bob, value));
    expect(bob.read()).toHaveLength(1);
  });
});

describe('an announcement', () => {
  it('reaches its subscribers unchanged, except its sender', () => {
    for (const peer of [ann, bob]) bench.subscribe(peer, '/clasp/**');
    bench.publish(ann, publish(ANNOUNCE, announcement(ann)));
    expect(plain(bob.read())).toEqual([
      { type: 'publish', address: ANNOUNCE, signal: 'event', phase: 'start', value: announcement(ann) },
    ]);
    expect(ann.read()).toEqual([]);
    expect(eve.read()).toEqual([]);
  });

  it('is revoked when its sender ends, once', () => {
    bench.subscribe(bob, ANNOUNCE);
    bench.publish(ann, publish(ANNOUNCE, announcement(ann)));
    bench.publish(ann, publish(ANNOUNCE, announcement(ann)));
    bob.read();
    bench.leave(ann);
    expect(plain(bob.read())).toEqual([gone(ann)]);
    bench.leave(ann);
    expect(bob.read()).toEqual([]);
  });

  it('is revoked even if it had no payload', () => {
    bench.subscribe(bob, ANNOUNCE);
    bench.publish(ann, publish(ANNOUNCE));
    bob.read();
    bench.leave(ann);
    expect(plain(bob.read())).toEqual([gone(ann)]);
  });

  it('is not revoked for sessions that never made one', () => {
    bench.subscribe(bob, ANNOUNCE);
    bench.publish(ann, signalTo(eve, offer(ann)));
    bench.leave(ann);
    expect(bob.read()).toEqual([]);
  });

  it('is not revoked again after its sender did so', () => {
    bench.subscribe(bob, ANNOUNCE);
    bench.publish(ann, publish(ANNOUNCE, announcement(ann)));
    bench.publish(ann, publish(ANNOUNCE, announcement(ann, false)));
    expect(bob.read()).toHaveLength(2);
    bench.leave(ann);
    expect(bob.read()).toEqual([]);
  });

  it('that is made again after it was revoked is active again', () => {
    bench.subscribe(bob, ANNOUNCE);
    for (const capable of [true, false, true]) bench.publish(ann, publish(ANNOUNCE, announcement(ann, capable)));
    bob.read();
    bench.leave(ann);
    expect(plain(bob.read())).toEqual([gone(ann)]);
  });

  it('from a bundle that outlived its sender reaches no subscriber, because it would never be revoked', () => {
    bench.subscribe(bob, ANNOUNCE);
    bench.leave(ann);
    bench.publish(ann, publish(ANNOUNCE, announcement(ann)));
    bench.leave(ann);
    expect(bob.read()).toEqual([]);
  });

  it('to a subscriber that reads nothing, and its revocation, wait in that subscriber’s queue', () => {
    bench.subscribe(bob, ANNOUNCE);
    bob.session.phase = 'congested';
    bench.publish(ann, publish(ANNOUNCE, announcement(ann)));
    bench.leave(ann);
    expect(plain(bob.readBacklog())).toEqual([
      { type: 'publish', address: ANNOUNCE, signal: 'event', phase: 'start', value: announcement(ann) },
      gone(ann),
    ]);
  });
});
