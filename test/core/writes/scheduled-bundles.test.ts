import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

const set = (address: string, value: number, rest: object = {}): Message => ({
  type: 'set',
  address,
  value: encodeValue(value),
  ...rest,
});

function schedule(harness: CoreHarness, peer: Peer, seconds: number, ...messages: Message[]): void {
  peer.send({ type: 'bundle', timestamp: harness.nowMicros + seconds * 1_000_000, messages });
}

function values(peer: Peer): unknown[] {
  return plain(peer.read()).flatMap((message) => (message as { value?: unknown }).value ?? []);
}

describe('a scheduled bundle', () => {
  it('is acknowledged at once and runs at its time, entirely and in order', () => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    schedule(
      harness,
      sender,
      10,
      set('/a', 1),
      { type: 'publish', address: '/e', signal: 'event', value: encodeValue(2) },
      set('/a', 3),
    );
    expect(sender.read()).toEqual([{ type: 'ack' }]);
    expect(harness.core.exactDueMicros).toBe(harness.nowMicros + 10_000_000);
    harness.advance(9.999_999);
    expect(reader.read()).toEqual([]);
    harness.advance(0.000_001);
    expect(values(reader)).toEqual([1, 2, 3]);
    expect(sender.read()).toEqual([]);
    harness.advance(100);
    expect(reader.read()).toEqual([]); // and not a second time
  });

  it('whose time has passed runs at once', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    schedule(harness, peer, 0, set('/a', 1));
    schedule(harness, peer, -5, set('/a', 2));
    expect(peer.read()).toEqual([
      { type: 'ack', revision: 1 },
      { type: 'ack', revision: 2 },
    ]);
  });

  it('runs in order of time, and for equal times in order of arrival', () => {
    const harness = new CoreHarness();
    const [one, other, reader] = [harness.join(), harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    schedule(harness, one, 3, set('/a', 30));
    for (let i = 0; i < 20; i++) schedule(harness, i % 2 === 0 ? one : other, 2, set('/a', i));
    schedule(harness, other, 1, set('/a', 10));
    harness.advance(60);
    expect(values(reader)).toEqual([10, ...Array.from({ length: 20 }, (_, i) => i), 30]);
  });

  it('is checked on arrival: its sender gets an ERROR at once', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    schedule(harness, peer, 10, set('/a', 1), set('nowhere', 2));
    expect(peer.read()).toMatchObject([{ type: 'error', code: 200, address: 'nowhere' }]);
    expect(harness.core.exactDueMicros).toBe(Infinity);
  });

  it('is checked again when it runs: then nothing of it is applied, and its sender gets an ERROR', () => {
    const harness = new CoreHarness();
    const [sender, rival] = [harness.join(), harness.join()];
    schedule(harness, sender, 10, set('/free', 1), set('/a', 1));
    sender.read();
    rival.send(set('/a', 9, { lock: true }));
    harness.advance(10);
    expect(sender.read()).toMatchObject([
      { type: 'error', code: 401, message: 'Bundle rejected: Parameter is locked' },
    ]);
    expect(harness.core.paramCount).toBe(1);
  });

  it('outlives its sender, but takes no locks for an ended session', () => {
    const harness = new CoreHarness();
    const [sender, reader] = [harness.join(), harness.join()];
    reader.subscribe(1, '/**');
    schedule(harness, sender, 10, set('/a', 1, { lock: true }));
    sender.leave();
    harness.advance(10);
    expect(values(reader)).toEqual([1]);
    reader.set('/a', 2);
    expect(reader.read()).toMatchObject([{ type: 'set' }, { type: 'ack' }]);
  });

  it('too far ahead, or over the maximum count, is ERROR 400 with the limit', () => {
    const harness = new CoreHarness({ maxScheduleSeconds: 60, maxPendingBundlesPerSession: 2 });
    const [peer, other] = [harness.join(), harness.join()];
    schedule(harness, peer, 61, set('/a', 1));
    peer.send({ type: 'bundle', timestamp: 2n ** 64n - 1n, messages: [set('/a', 1)] });
    for (let i = 0; i < 3; i++) schedule(harness, peer, 60, set('/a', 1));
    const answers = peer.read();
    expect(answers).toMatchObject([{ code: 400 }, { code: 400 }, { type: 'ack' }, { type: 'ack' }, { code: 400 }]);
    expect((answers[0] as { message: string }).message).toBe('Bundle rejected: it is 61 s ahead; the limit is 60 s');
    schedule(harness, other, 60, set('/a', 1));
    expect(other.read()).toEqual([{ type: 'ack' }]);
    harness.advance(60);
    schedule(harness, peer, 60, set('/a', 1));
    expect(peer.read()).toEqual([{ type: 'ack' }]);
  });

  it('keeps its values although the network buffer is reused', () => {
    const harness = new CoreHarness();
    const peer = harness.join();
    const value = encodeValue('the first');
    schedule(harness, peer, 1, { type: 'set', address: '/a', value });
    value.bytes.fill(0);
    harness.advance(1);
    peer.read();
    peer.send({ type: 'get', address: '/a' });
    expect(plain(peer.read())).toMatchObject([{ params: [{ value: 'the first' }] }]);
  });
});
