import { describe, expect, it } from '@jest/globals';
import { ErrorCode } from '../../../src/protocol/errors.js';
import type { Message } from '../../../src/protocol/messages/message.js';
import { CoreHarness, type Peer, type PeerOptions, plain } from '../../support/core-harness.js';

/** A subscriber of everything whose socket is full. */
function slow(harness: CoreHarness, options: PeerOptions = {}): Peer {
  const peer = harness.connect(options);
  peer.send({ type: 'hello', version: 1, name: 'slow', features: ['param'] });
  peer.subscribe(1, '/**');
  harness.settle();
  peer.read();
  peer.session.notify({ type: 'connection.congested', bufferedBytes: 1 });
  peer.events.length = 0;
  return peer;
}

const move = (peer: Peer, value: number): void => peer.publish('/pad', 'gesture', value, { id: 1, phase: 'move' });
const values = (messages: readonly Message[]): unknown[] =>
  plain(messages).map((message) => (message as { value?: unknown }).value);

describe('a slow consumer', () => {
  it('loses the oldest samples and moves when its queue is full, and no event, start, end or last value', () => {
    const harness = new CoreHarness({ gestureIntervalMs: 0 });
    const speaker = harness.join();
    const peer = slow(harness, { maxQueueMessages: 6 });
    speaker.publish('/pad', 'gesture', 0, { id: 1, phase: 'start' });
    move(speaker, 1);
    speaker.publish('/beat', 'stream', 2);
    move(speaker, 3);
    speaker.set('/level', 0);
    speaker.publish('/go', 'event', 4);
    speaker.publish('/pad', 'gesture', 5, { id: 1, phase: 'end' });
    speaker.set('/level', 6);
    speaker.publish('/beat', 'stream', 7);
    expect(values(peer.readBacklog())).toEqual([0, 3, 4, 5, 6, 7]);
    expect(peer.session.sendQueue.dropped).toBe(2);
    expect(peer.events).toEqual([]);
  });

  it('is closed with ERROR 503 and the queued bytes if nothing droppable is left', () => {
    const harness = new CoreHarness();
    const speaker = harness.join();
    const peer = slow(harness, { maxQueueMessages: 3 });
    for (let i = 0; i < 4; i++) speaker.publish('/go', 'event', i);
    const text = /^Too slow: 4 messages \(\d+ bytes\) were waiting, more than this router keeps for one session$/;
    expect(peer.events).toMatchObject([
      { type: 'end.queueOverflowed', error: { code: ErrorCode.Overloaded, message: expect.stringMatching(text) } },
    ]);
    expect(harness.core.statistics()).toMatchObject({ counts: { queuedBytes: 0 }, drops: { overflows: 1 } });
  });

  it('is notified of its drops after 100 within 10 s, and again after 10 s at the earliest', () => {
    const harness = new CoreHarness();
    const speaker = harness.join();
    const peer = slow(harness, { maxQueueMessages: 10 });
    const lose = (count: number): void => {
      for (let i = 0; i < count; i++) speaker.publish('/beat', 'stream', i);
      harness.core.takeDirty();
    };
    const notices = (): unknown[] =>
      plain(peer.readBacklog())
        .filter((message) => (message as Message).type === 'error')
        .map((message) => (message as { message: string }).message);
    lose(10 + 99);
    expect(notices()).toEqual([]);
    lose(10 + 1);
    expect(notices()).toEqual(['Buffer overflow: messages being dropped (100 drops in last 10 seconds)']);
    expect(peer.events).toMatchObject([{ type: 'messages.dropped', dropped: 100 }]);
    lose(10 + 500);
    expect(notices()).toEqual([]);
    harness.advance(10);
    lose(10 + 100);
    expect(notices()).toHaveLength(1);
  });

  it('is not notified of conflated params, because it has lost nothing', () => {
    const harness = new CoreHarness();
    const speaker = harness.join();
    const peer = slow(harness);
    for (let i = 0; i < 500; i++) speaker.set('/level', i);
    harness.core.takeDirty();
    expect(values(peer.readBacklog())).toEqual([499]);
    expect(harness.core.statistics().drops).toMatchObject({ conflated: 499, dropped: 0 });
  });
});

describe('all slow consumers together', () => {
  const big = 'x'.repeat(1_000);

  it('have one budget, at the expense of the session with the largest queue', () => {
    const harness = new CoreHarness({ maxQueueBytesTotal: 10_000 });
    const speaker = harness.join();
    const worst = slow(harness);
    for (let i = 0; i < 6; i++) speaker.publish('/go', 'event', big);
    const better = slow(harness);
    for (let i = 0; i < 2; i++) speaker.publish('/go', 'event', big);
    expect(worst.events).toMatchObject([{ type: 'end.queueOverflowed' }]);
    expect(better.events).toEqual([]);
    expect(better.readBacklog()).toHaveLength(2);
    expect(harness.core.statistics().counts.queuedBytes).toBe(0);
  });

  it('lose droppable messages first', () => {
    const harness = new CoreHarness({ maxQueueBytesTotal: 10_000 });
    const speaker = harness.join();
    const [one, other] = [slow(harness), slow(harness)];
    for (let i = 0; i < 50; i++) speaker.publish('/beat', 'stream', big);
    expect([...one.events, ...other.events].filter(({ type }) => type === 'end.queueOverflowed')).toEqual([]);
    expect(harness.core.statistics().counts.queuedBytes).toBeLessThanOrEqual(10_000);
    expect(harness.core.statistics().counts.queuedBytes).toBeGreaterThan(7_000);
  });

  it('are counted, with their queued bytes, until these are sent or the sessions have ended', () => {
    const harness = new CoreHarness();
    const speaker = harness.join();
    const [one, other] = [slow(harness), slow(harness)];
    speaker.publish('/go', 'event', big);
    const { congested, queuedBytes } = harness.core.statistics().counts;
    expect(congested).toBe(2);
    expect(queuedBytes).toBe(one.session.sendQueue.bytes + other.session.sendQueue.bytes);
    one.readBacklog();
    other.leave();
    expect(harness.core.statistics().counts.queuedBytes).toBe(0);
  });
});
