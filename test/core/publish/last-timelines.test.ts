import { describe, expect, it } from '@jest/globals';
import type { PublishMessage } from '../../../src/protocol/messages/message.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness, type Peer, plain } from '../../support/core-harness.js';

function heard(peer: Peer): unknown[] {
  return peer.read().map((message) => (message.type === 'publish' ? message.value?.decode() : message));
}

describe('the last timeline of an address', () => {
  it('is sent to later subscribers, once, and only the last one', () => {
    const harness = new CoreHarness({ maxTimelines: 10 });
    const [desk, lamp] = [harness.join(), harness.join()];
    desk.publish('/a/1', 'timeline', 'first');
    desk.publish('/a/1', 'timeline', 'second');
    desk.publish('/b/1', 'timeline', 'elsewhere');
    desk.publish('/a/1', 'event', 'no timeline');
    lamp.subscribe(1, '/a/**');
    expect(heard(lamp)).toEqual(['second']);
    desk.publish('/a/1', 'timeline', 'third');
    expect(heard(lamp)).toEqual(['third']);
  });

  it('follows the snapshot, and is not sent to subscribers that exclude timelines', () => {
    const harness = new CoreHarness({ maxTimelines: 10 });
    const [desk, lamp] = [harness.join(), harness.join()];
    desk.set('/a', 1);
    desk.publish('/a', 'timeline', 'fade');
    lamp.subscribe(1, '/a', undefined, ['timeline']);
    expect(heard(lamp)).toEqual(['fade']);
    lamp.subscribe(1, '/a', undefined, ['param', 'event']);
    expect(lamp.read()).toMatchObject([{ type: 'snapshot' }]);
    lamp.subscribe(1, '/a');
    expect(lamp.read()).toMatchObject([{ type: 'snapshot' }, { type: 'publish' }]);
  });

  it('survives its sender, and reaches a late joiner of any encoding with its keyframes', () => {
    const harness = new CoreHarness({ maxTimelines: 10 });
    const desk = harness.join('desk', 'cbor');
    const value = encodeValue(1);
    const timeline = { keyframes: [{ time: 0, value, easing: 'step' }], loop: true };
    const message: PublishMessage = { type: 'publish', address: '/a', signal: 'timeline', timeline, timestamp: 5 };
    desk.send(message, { encoding: 'cbor' });
    value.bytes.fill(0xff); // its frame buffer is reused
    desk.leave();
    const late = harness.join('late', 'cbor');
    late.subscribe(1, '/**');
    expect(plain(late.read())).toEqual([
      { ...message, timeline: { loop: true, keyframes: [{ time: 0, value: 1, easing: 'step' }] } },
    ]);
  });

  it('is kept for a limited number of addresses: the one without a new timeline for longest is evicted', () => {
    const harness = new CoreHarness({ maxTimelines: 2 });
    const [desk, lamp] = [harness.join(), harness.join()];
    for (const address of ['/a', '/b', '/a', '/c']) desk.publish(address, 'timeline', address);
    lamp.subscribe(1, '/**');
    expect(heard(lamp)).toEqual(['/a', '/c']);
  });

  it('is not kept by default', () => {
    const harness = new CoreHarness();
    const [desk, lamp] = [harness.join(), harness.join()];
    desk.publish('/a', 'timeline', 1);
    lamp.subscribe(1, '/**');
    expect(lamp.read()).toEqual([]);
  });
});
