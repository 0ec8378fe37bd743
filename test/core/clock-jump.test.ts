import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../src/protocol/messages/message.js';
import { parsePattern } from '../../src/protocol/pattern.js';
import { encodeValue } from '../../src/protocol/values/encoded-value.js';
import { readState } from '../../src/core/params/param-state.js';
import { CoreHarness, type Peer, START_MICROS } from '../support/core-harness.js';

/*
 * Effects of a correction of the wall clock on a running router: the protocol's time follows a jump forward, and
 * durations are not affected.
 */

const EVERYTHING = parsePattern('/**');
const SECOND = 1_000_000;
const JUMP = 8 * 3_600 * SECOND;

/** Offsets of other times from the harness's clock, which a test changes. */
function clockOffsets(): { protocolAheadMicros: number; wallAheadMicros: number; unjudgedSinceMs: number } {
  return { protocolAheadMicros: 0, wallAheadMicros: 0, unjudgedSinceMs: Infinity };
}

function start(options: ConstructorParameters<typeof CoreHarness>[0] = {}): {
  readonly harness: CoreHarness;
  readonly jump: (micros?: number) => void;
  readonly offsets: ReturnType<typeof clockOffsets>;
} {
  const offsets = clockOffsets();
  const harness = new CoreHarness({ offsets, ...options });
  const jump = (micros = JUMP): void => {
    offsets.protocolAheadMicros += micros;
    offsets.wallAheadMicros += micros;
  };
  return { harness, jump, offsets };
}

function timestamps(peer: Peer): unknown[] {
  return peer
    .read()
    .flatMap((message) => (message.type === 'snapshot' ? message.params.map(({ timestamp }) => timestamp) : []));
}

const set = (address: string, value: number): Message => ({ type: 'set', address, value: encodeValue(value) });

describe('the protocol’s time after a forward jump of the wall clock', () => {
  it('is in WELCOME', () => {
    const { harness, jump } = start();
    jump();
    const peer = harness.connect();
    peer.send({ type: 'hello', version: 1, name: 'peer', features: [] });
    expect(peer.read()[0]).toMatchObject({ type: 'welcome', time: START_MICROS + JUMP });
  });

  it('is in SYNC, whose two times have the same offset although the jump is between them', () => {
    const { harness, jump } = start();
    const peer = harness.join();
    harness.core.beginBatch();
    const receivedMicros = harness.nowMicros - 300;
    jump();
    harness.core.handle(peer.session, { message: { type: 'sync', t1: 5 }, qos: 0, encoding: 'binary' }, receivedMicros);
    expect(peer.read()).toMatchObject([
      { type: 'sync', t1: 5, t2: START_MICROS + JUMP - 300, t3: START_MICROS + JUMP },
    ]);
  });

  it('moves the timestamps of params written before, so that their age stays correct', () => {
    const { harness, jump } = start({ historyRules: [{ pattern: EVERYTHING, depth: 3 }] });
    const peer = harness.join();
    peer.set('/a', 1);
    harness.advance(10);
    peer.set('/a', 2);
    peer.read();
    jump();
    peer.send({ type: 'get', address: '/a' });
    expect(timestamps(peer)).toEqual([START_MICROS + 10 * SECOND + JUMP]);
    peer.subscribe(1, '/a', { history: 3 });
    expect(timestamps(peer)).toEqual([START_MICROS + JUMP, START_MICROS + 10 * SECOND + JUMP]);
    expect(harness.core.viewParams({ pattern: '/a', limit: 9, maxLooked: 9, maxValueBytes: 9 })).toMatchObject({
      nowMicros: START_MICROS + 10 * SECOND + JUMP,
      params: [{ timestampMicros: START_MICROS + 10 * SECOND + JUMP }],
    });
  });

  it('moves presence, and the start of the router', () => {
    const { harness, jump } = start();
    const desk = harness.join('desk');
    harness.advance(10);
    const watcher = harness.join('watcher');
    watcher.subscribe(1, '/$clasp/**');
    watcher.read();
    jump();
    harness.advance(1);
    const told = new Map(
      watcher.read().flatMap((one) => (one.type === 'set' ? [[one.address, one.value.decode()]] : [])),
    );
    expect(told.get('/$clasp/startedAt')).toBe(BigInt(START_MICROS + JUMP));
    expect(told.get(`/$clasp/sessions/${desk.id}/connectedAt`)).toBe(BigInt(START_MICROS + JUMP));
    expect(told.get('/$clasp/uptimeSeconds')).toBe(11n);
    desk.leave();
    const left = watcher.read().find((one) => one.type === 'publish');
    expect(left).toMatchObject({ timestamp: START_MICROS + 11 * SECOND + JUMP });
  });

  it('is that of the cancel of a gesture whose sender has ended', () => {
    const { harness, jump } = start();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    sender.publish('/touch', 'gesture', 1, { phase: 'start', id: 1 });
    reader.read();
    jump();
    sender.leave('lost');
    expect(reader.read()).toMatchObject([{ phase: 'cancel', timestamp: START_MICROS + JUMP }]);
  });
});

describe('durations', () => {
  it('of bundles accepted before a jump do not change', () => {
    const { harness, jump } = start();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    sender.send({ type: 'bundle', timestamp: START_MICROS + 60 * SECOND, messages: [set('/a', 1)] });
    jump();
    harness.advance(59.999);
    expect(reader.read()).toEqual([]);
    harness.advance(0.001);
    expect(reader.read()).toMatchObject([{ type: 'set', address: '/a' }]);
  });

  it('of bundles that arrive after a jump follow the time in WELCOME and SYNC', () => {
    const { harness, jump } = start();
    jump();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    sender.send({ type: 'bundle', timestamp: START_MICROS + JUMP + 5 * SECOND, messages: [set('/a', 1)] });
    harness.advance(4.999);
    expect(reader.read()).toEqual([]);
    harness.advance(0.001);
    expect(reader.read()).toHaveLength(1);
  });

  it('of params follow their TTL', () => {
    const { harness, jump } = start();
    const peer = harness.join();
    peer.send({ type: 'set', address: '/a', value: encodeValue(1), ttl: 60, absolute: true });
    jump();
    harness.advance(59.999);
    expect(harness.core.paramCount).toBe(1);
    harness.advance(0.001);
    expect(harness.core.paramCount).toBe(0);
  });

  it('of locks follow their limit', () => {
    const { harness, jump } = start({ maxLockSeconds: 60 });
    const [holder, other] = [harness.join(), harness.join()];
    holder.send({ type: 'set', address: '/a', value: encodeValue(1), lock: true }, { qos: 1 });
    jump();
    harness.advance(59);
    other.set('/a', 2);
    expect(other.read()).toMatchObject([{ type: 'error', code: 401 }]);
    harness.advance(1);
    other.set('/a', 2);
    expect(other.read()).toMatchObject([{ type: 'ack' }]);
  });
});

describe('a lock whose time ended while the process was stopped', () => {
  it('stays with its holder until the grace period ends, because unread input may have renewed it', () => {
    const { harness, offsets } = start({ maxLockSeconds: 10 });
    const [holder, other] = [harness.join(), harness.join()];
    holder.send({ type: 'set', address: '/a', value: encodeValue(1), lock: true }, { qos: 1 });
    harness.advance(5);
    offsets.unjudgedSinceMs = harness.nowMicros / 1_000;
    harness.nowMicros += 20 * SECOND;
    other.set('/a', 2);
    expect(other.read()).toMatchObject([{ type: 'error', code: 401 }]);
    holder.send({ type: 'set', address: '/a', value: encodeValue(3), lock: true }, { qos: 1 });
    offsets.unjudgedSinceMs = Infinity;
    other.set('/a', 4);
    expect(other.read()).toMatchObject([{ type: 'error', code: 401 }]);
    harness.advance(10);
    other.set('/a', 5);
    expect(other.read()).toMatchObject([{ type: 'ack' }]);
  });

  it('ends where it had ended before', () => {
    const { harness, offsets } = start({ maxLockSeconds: 10 });
    const [holder, other] = [harness.join(), harness.join()];
    holder.send({ type: 'set', address: '/a', value: encodeValue(1), lock: true }, { qos: 1 });
    harness.advance(11);
    offsets.unjudgedSinceMs = harness.nowMicros / 1_000;
    other.set('/a', 2);
    expect(other.read()).toMatchObject([{ type: 'ack' }]);
  });
});

describe('the token of a session', () => {
  const grant = { notBeforeSeconds: START_MICROS / SECOND - 60, expiresAtSeconds: START_MICROS / SECOND + 3_600 };
  const scopes = [{ action: 'admin', pattern: EVERYTHING }] as const;

  it.each([
    ['ended', JUMP, 302, 'Token has expired'],
    ['has not begun', -3_600 * SECOND, 300, 'Invalid token: it is not valid yet'],
  ])('%s by calendar time, with the next message', (_, micros, code, message) => {
    const { harness, offsets } = start({ securityMode: 'authenticated' });
    const peer = harness.joinWith({ ...grant, scopes });
    peer.set('/a', 1);
    expect(peer.read()).toMatchObject([{ type: 'ack' }]);
    offsets.wallAheadMicros = micros;
    peer.set('/a', 2);
    expect(peer.read()).toMatchObject([{ type: 'error', code, message }]);
  });

  it('is valid longer if the wall clock was set back', () => {
    const { harness, offsets } = start({ securityMode: 'authenticated' });
    const peer = harness.joinWith({ expiresAtSeconds: grant.expiresAtSeconds, scopes });
    offsets.wallAheadMicros = -JUMP;
    harness.advance(3_700);
    peer.set('/a', 1);
    expect(peer.read()).toMatchObject([{ type: 'ack' }]);
  });
});

describe('the state of a router', () => {
  function stateWith(harness: CoreHarness): ReturnType<CoreHarness['core']['state']> {
    const peer = harness.join();
    peer.send({ type: 'set', address: '/short', value: encodeValue(1), ttl: 60, absolute: true });
    peer.set('/long', 1);
    harness.advance(20);
    return JSON.parse(JSON.stringify(harness.core.state())) as ReturnType<CoreHarness['core']['state']>;
  }

  /** Restores a state. Returns the remaining seconds of the param that expires. */
  function leftAfter(state: unknown, harness: CoreHarness): number {
    harness.core.restore(readState(state));
    return (harness.core.dueMicros - harness.nowMicros) / SECOND;
  }

  it('has the protocol’s times after a jump, and restores params with their remaining time', () => {
    const { harness, jump } = start();
    jump();
    const state = stateWith(harness);
    expect(state).toMatchObject({
      savedAtMicros: START_MICROS + 20 * SECOND + JUMP,
      params: [
        { address: '/short', timestampMicros: START_MICROS + JUMP, expiresAtMicros: START_MICROS + 60 * SECOND + JUMP },
        { address: '/long', timestampMicros: START_MICROS + JUMP },
      ],
    });
    const after = start();
    after.harness.nowMicros += 25 * SECOND;
    after.jump();
    expect(leftAfter(state, after.harness)).toBe(35);
  });

  it('restores params with their former remaining time if the clock at the start is behind it', () => {
    const state = stateWith(start().harness);
    const after = start();
    after.harness.nowMicros -= 30 * 86_400 * SECOND; // a computer without a clock battery
    expect(leftAfter(state, after.harness)).toBe(40);
  });

  it('keeps the write time of an earlier router, whatever the clock does afterwards', () => {
    const state = stateWith(start().harness);
    const { harness, jump } = start({ historyRules: [{ pattern: EVERYTHING, depth: 2 }] });
    harness.nowMicros -= 3_600 * SECOND;
    harness.core.restore(readState(state));
    jump();
    const peer = harness.join();
    peer.send({ type: 'get', address: '/long' });
    expect(timestamps(peer)).toEqual([START_MICROS]);
    peer.set('/long', 2);
    peer.read();
    peer.subscribe(1, '/long', { history: 2 });
    expect(timestamps(peer)).toEqual([START_MICROS, START_MICROS + JUMP - 3_600 * SECOND]);
    expect(harness.core.state().params.find(({ address }) => address === '/long')).toMatchObject({
      timestampMicros: START_MICROS + JUMP - 3_600 * SECOND,
    });
  });

  it('of an earlier version has no time of its own, and is accepted', () => {
    const state = { ...stateWith(start().harness), savedAtMicros: undefined };
    const after = start();
    after.harness.nowMicros += 30 * SECOND;
    expect(leftAfter(state, after.harness)).toBe(30);
  });
});
