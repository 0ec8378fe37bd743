import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

const write = (value: number, flags: { lock?: boolean; unlock?: boolean } = {}, address = '/a'): Message => ({
  type: 'set',
  address,
  value: encodeValue(value),
  ...flags,
});

const refused = { type: 'error', code: 401, message: 'Parameter is locked', address: '/a' };

/** The value that GET returns. */
function valueOf(peer: Peer, address = '/a'): unknown {
  peer.read();
  peer.send({ type: 'get', address });
  const [answer] = peer.read();
  return answer?.type === 'snapshot' ? answer.params[0]!.value.decode() : undefined;
}

describe('a lock', () => {
  it('is granted to the first requester, and the ACK states the lock and its holder', () => {
    const peer = new CoreHarness().join();
    peer.send(write(1, { lock: true }));
    expect(peer.read()).toEqual([{ type: 'ack', address: '/a', revision: 1, locked: true, holder: peer.id }]);
  });

  it('lets only its holder write; others get ERROR 401 without a session ID', () => {
    const harness = new CoreHarness();
    const [holder, other] = [harness.join(), harness.join()];
    holder.send(write(1, { lock: true }));
    holder.send(write(2));
    for (const flags of [{}, { lock: true }, { lock: true, unlock: true }]) other.send(write(9, flags));
    expect(plain(other.read())).toEqual([refused, refused, refused]);
    expect(valueOf(holder)).toBe(2);
  });

  it('cannot be released by another session', () => {
    const harness = new CoreHarness();
    const [holder, other] = [harness.join(), harness.join()];
    holder.send(write(1, { lock: true }));
    other.send(write(9, { unlock: true }));
    expect(plain(other.read())).toEqual([refused]);
    expect(valueOf(holder)).toBe(1);
    other.send(write(9));
    expect(plain(other.read())).toEqual([refused]);
  });

  it('ends when its holder unlocks, which the ACK states too', () => {
    const harness = new CoreHarness();
    const [holder, other] = [harness.join(), harness.join()];
    holder.send(write(1, { lock: true }));
    holder.read();
    holder.send(write(2, { unlock: true }));
    expect(holder.read()).toMatchObject([{ type: 'ack', revision: 2, locked: false }]);
    other.send(write(3, { lock: true }));
    expect(other.read()).toMatchObject([{ type: 'ack', revision: 3, locked: true, holder: other.id }]);
  });

  it('requested and released in one SET stays held', () => {
    const peer = new CoreHarness().join();
    peer.send(write(1, { lock: true }));
    peer.send(write(2, { lock: true, unlock: true }));
    expect(peer.read().at(-1)).toMatchObject({ locked: true, holder: peer.id });
  });

  it('of a new param is unaffected by unlock alone', () => {
    const peer = new CoreHarness().join();
    peer.send(write(1, { unlock: true }));
    expect(peer.read()).toMatchObject([{ type: 'ack', locked: false }]);
  });

  it('ends when its holder’s session ends', () => {
    const harness = new CoreHarness();
    const [holder, other] = [harness.join(), harness.join()];
    for (const address of ['/a', '/b']) holder.send(write(1, { lock: true }, address));
    holder.leave();
    for (const address of ['/a', '/b']) other.send(write(2, {}, address));
    expect(other.read()).toMatchObject([{ type: 'ack' }, { type: 'ack' }]);
    expect(holder.session.holdings.locks).toBe(0);
  });

  it('ends when the param expires', () => {
    const harness = new CoreHarness();
    const [holder, other] = [harness.join(), harness.join()];
    holder.send({ type: 'set', address: '/a', value: encodeValue(1), lock: true, ttl: 10, absolute: true });
    harness.advance(10);
    other.send(write(2));
    expect(other.read()).toMatchObject([{ type: 'ack' }]);
    expect(holder.session.holdings.locks).toBe(0);
  });

  it('ends after the maximum time, to the microsecond; locking again restarts it', () => {
    const harness = new CoreHarness({ maxLockSeconds: 60 });
    const [holder, other] = [harness.join(), harness.join()];
    holder.send(write(1, { lock: true }));
    harness.nowMicros += 30_000_000;
    holder.send(write(1, { lock: true }));
    harness.nowMicros += 59_999_999;
    other.send(write(2));
    harness.nowMicros += 1;
    other.send(write(3));
    expect(other.read()).toMatchObject([{ code: 401 }, { type: 'ack' }]);
  });

  it('requested concurrently has one holder', () => {
    const harness = new CoreHarness();
    const racers = Array.from({ length: 10 }, () => harness.join());
    for (const racer of racers) racer.send(write(1, { lock: true }));
    const answers = racers.map((racer) => racer.read()[0]?.type);
    expect(answers.filter((type) => type === 'ack')).toHaveLength(1);
  });

  it('is distinguished from a revision conflict: the revision is checked first', () => {
    const harness = new CoreHarness();
    const [holder, other] = [harness.join(), harness.join()];
    holder.send(write(1, { lock: true }));
    other.set('/a', 2, { revision: 9 });
    other.set('/a', 2, { revision: 1 });
    expect(other.read()).toMatchObject([{ code: 400 }, { code: 401 }]);
  });
});

describe('a lock in a bundle', () => {
  it('that was taken earlier in it permits its own later writes, and outlives it', () => {
    const harness = new CoreHarness();
    const [holder, other] = [harness.join(), harness.join()];
    holder.send({ type: 'bundle', messages: [write(1, { lock: true }), write(2)] });
    other.send(write(9));
    expect(holder.read()).toEqual([{ type: 'ack', revision: 2 }]);
    expect(other.read()).toMatchObject([{ code: 401 }]);
  });

  it('of another session refuses it entirely', () => {
    const harness = new CoreHarness();
    const [holder, other] = [harness.join(), harness.join()];
    holder.send(write(1, { lock: true }));
    other.send({ type: 'bundle', messages: [write(5, {}, '/b'), write(9)] });
    expect(other.read()).toMatchObject([{ code: 401, message: 'Bundle rejected: Parameter is locked', address: '/a' }]);
    expect(valueOf(other, '/b')).toBeUndefined();
  });
});
