import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/protocol/messages/message.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer } from '../../support/core-harness.js';

const write = (value: number, flags: { lock?: boolean; unlock?: boolean } = {}, address = '/a'): Message => ({
  type: 'set',
  address,
  value: encodeValue(value),
  ...flags,
});

const scopes = [{ action: 'write', pattern: parsePattern('/**') }] as const;

/** A client on a router with authentication. */
function join(harness: CoreHarness, tokenId = 'token-1', name = 'desk'): Peer {
  return harness.joinWith({ tokenId, scopes }, name);
}

/** A client with a lock on `/a` that does not answer a probe. */
function lostHolder(harness: CoreHarness): Peer {
  const holder = join(harness);
  holder.send(write(1, { lock: true }));
  ignoreProbe(harness, holder);
  return holder;
}

/** The result of a probe of the hub: nothing was received within 2 s. */
function ignoreProbe(harness: CoreHarness, { session }: Peer): void {
  session.lastReceivedMicros = harness.nowMicros;
  harness.advance(3);
  session.probedMicros = session.lastReceivedMicros + 1_000_000;
  session.ignoredProbeMicros = session.probedMicros;
}

/** Sends a SET. @returns the reply */
function answerTo(peer: Peer, message: Message): Message {
  peer.read();
  peer.send(message, { qos: 1 });
  return peer.read()[0]!;
}

const refused = { type: 'error', code: 401, message: 'Parameter is locked' };

describe('a client that reconnects', () => {
  it('takes over its own lock if its earlier session has not answered a probe', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const [holder, again, other] = [lostHolder(harness), join(harness), join(harness, 'token-2')];
    const answer = answerTo(again, write(2, { lock: true }));
    expect(answer).toMatchObject({ type: 'ack', revision: 2, locked: true, holder: again.id });
    expect([holder.session.holdings.locks, again.session.holdings.locks]).toEqual([0, 1]);
    expect(answerTo(other, write(3))).toMatchObject(refused);
    expect(answerTo(holder, write(4))).toMatchObject(refused);
  });

  it('takes over by any SET, and is the holder afterwards', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const [holder, again] = [lostHolder(harness), join(harness)];
    expect(answerTo(again, write(2))).toMatchObject({ type: 'ack', revision: 2 });
    expect([holder.session.holdings.locks, again.session.holdings.locks]).toEqual([0, 1]);
  });

  it('can release the lock of its earlier session', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const [holder, again] = [lostHolder(harness), join(harness)];
    expect(answerTo(again, write(2, { unlock: true }))).toMatchObject({ type: 'ack', revision: 2, locked: false });
    expect([holder.session.holdings.locks, again.session.holdings.locks]).toEqual([0, 0]);
  });

  it('takes over in a bundle as well', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const [holder, again] = [lostHolder(harness), join(harness)];
    const bundle: Message = { type: 'bundle', messages: [write(2), write(3, {}, '/b')] };
    expect(answerTo(again, bundle)).toMatchObject({ type: 'ack' });
    expect([holder.session.holdings.locks, again.session.holdings.locks]).toEqual([0, 1]);
  });

  it('keeps the lock when its earlier session ends', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const [holder, again, other] = [lostHolder(harness), join(harness), join(harness, 'token-2')];
    answerTo(again, write(2));
    holder.leave('lost');
    expect(answerTo(other, write(3))).toMatchObject(refused);
    again.leave('lost');
    expect(answerTo(other, write(4))).toMatchObject({ type: 'ack' });
  });

  it.each([
    ['another token', 'token-2', 'desk'],
    ['another name', 'token-1', 'desk 2'],
  ])('does not take over with %s', (_, tokenId, name) => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const holder = lostHolder(harness);
    expect(answerTo(join(harness, tokenId, name), write(2))).toMatchObject(refused);
    expect(holder.session.holdings.locks).toBe(1);
  });

  it('does not take over without a name, because many clients can lack one', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const holder = join(harness, 'token-1', '');
    holder.send(write(1, { lock: true }));
    ignoreProbe(harness, holder);
    expect(answerTo(join(harness, 'token-1', ''), write(2))).toMatchObject(refused);
  });

  it('does not take over from a session that was not probed, or has answered', () => {
    const harness = new CoreHarness({ securityMode: 'authenticated' });
    const holder = join(harness);
    holder.send(write(1, { lock: true }));
    const again = join(harness);
    harness.advance(60);
    expect(answerTo(again, write(2))).toMatchObject(refused);
    ignoreProbe(harness, holder);
    holder.session.lastReceivedMicros = harness.nowMicros; // its answer is late, but has arrived
    expect(answerTo(again, write(2))).toMatchObject(refused);
  });

  it('never takes over on a router without authentication, where any client can use the holder’s name', () => {
    const harness = new CoreHarness();
    const holder = harness.join('desk');
    holder.send(write(1, { lock: true }));
    ignoreProbe(harness, holder);
    expect(answerTo(harness.join('desk'), write(2))).toMatchObject(refused);
    expect(holder.session.holdings.locks).toBe(1);
  });
});
