import { describe, expect, it } from '@jest/globals';
import { LastTimelines } from '../../../src/core/publish/last-timelines.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { StepCounter } from '../../../src/protocol/step-counter.js';
import { encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { CoreHarness } from '../../support/core-harness.js';

describe('maxPacedBytes', () => {
  it('bounds the messages that wait for a pace: the addresses paced longest receive theirs at once', () => {
    const harness = new CoreHarness({ maxPacedBytes: 500_000 });
    const [desk, slow] = [harness.join(), harness.join()];
    slow.subscribe(1, '/**', { maxRate: 0.001 });
    slow.read();
    const written = 50;
    for (let i = 0; i < written; i++) {
      desk.set(`/a/${i}`, 0, { qos: 0 });
      desk.set(`/a/${i}`, 'x'.repeat(60_000), { qos: 0 });
    }
    expect(harness.core.pacedBytes).toBeLessThanOrEqual(500_000);
    const values = slow.read().filter((message) => message.type === 'set' && message.value.byteLength > 1_000);
    expect(values.length).toBeGreaterThan(written - 10);
  });

  it('bounds the samples that windows collect', () => {
    const harness = new CoreHarness({ maxPacedBytes: 200_000 });
    const [sensor, slow] = [harness.join(), harness.join()];
    slow.subscribe(1, '/**', { window: 60_000 });
    slow.read();
    const samples = Array.from({ length: 4_000 }, (_, i) => i);
    for (let i = 0; i < 40; i++) {
      sensor.send({ type: 'publish', address: `/sensor/${i}`, signal: 'stream', samples });
    }
    expect(harness.core.pacedBytes).toBeLessThanOrEqual(200_000);
  });

  it('does not count ended sessions', () => {
    const harness = new CoreHarness({ maxPacedBytes: 500_000 });
    const [desk, slow] = [harness.join(), harness.join()];
    slow.subscribe(1, '/**', { maxRate: 1 });
    for (let i = 0; i < 10; i++) for (let value = 0; value < 3; value++) desk.set(`/a/${i}`, value, { qos: 0 });
    expect(harness.core.pacedBytes).toBeGreaterThan(0);
    slow.leave();
    expect(harness.core.pacedBytes).toBe(0);
  });
});

describe('a window of a stream', () => {
  it('is closed after a minute, however long the requested one is', () => {
    const harness = new CoreHarness();
    const [sensor, slow] = [harness.join(), harness.join()];
    slow.subscribe(1, '/**', { window: 0xffff_ffff });
    slow.read();
    sensor.publish('/sensor', 'stream', 1);
    sensor.publish('/sensor', 'stream', 2);
    harness.advance(59);
    expect(slow.read()).toEqual([]);
    harness.advance(2);
    expect(slow.read()).toMatchObject([{ type: 'publish', samples: [1, 2] }]);
  });
});

describe('maxTimelineBytes', () => {
  it('evicts the oldest timelines', () => {
    const timelines = new LastTimelines({ maxTimelines: 1_000, maxTimelineBytes: 100_000 });
    for (let i = 0; i < 100; i++) {
      const keyframes = [{ time: 0, value: encodeValue('x'.repeat(10_000)) }];
      timelines.remember({
        type: 'publish',
        address: `/a/${i}`,
        signal: 'timeline',
        timeline: { keyframes, loop: false },
      });
    }
    expect(timelines.bytes).toBeLessThanOrEqual(100_000);
    const kept = [...timelines.matching(parsePattern('/a/*'), new StepCounter())].map((one) => one?.address);
    expect(kept.at(-1)).toBe('/a/99');
    expect(kept.length).toBeGreaterThan(5);
  });
});
