import { describe, expect, it } from '@jest/globals';
import { WriteHistory } from '../../../src/core/params/write-history.js';
import { parsePattern } from '../../../src/protocol/pattern.js';
import { CoreHarness, START_MICROS } from '../../support/core-harness.js';

const writeHistory = [
  { pattern: parsePattern('/cues/**'), depth: 3 },
  { pattern: parsePattern('/one'), depth: 1 },
];

describe('the history of writes', () => {
  it('has the last writes of a param, oldest first, with writer and time', () => {
    const harness = new CoreHarness({ writeHistory });
    const [desk, phone] = [harness.join('desk'), harness.join('phone')];
    for (let i = 1; i <= 4; i++) desk.set('/cues/1', i);
    harness.advance(1);
    phone.set('/cues/1', 'five');
    desk.set('/one', 1);
    desk.set('/one', 2);
    desk.set('/other', 1);
    expect(harness.core.history('/cues/1')).toEqual([
      { address: '/cues/1', value: 3, revision: 3, session: desk.id, name: 'desk', timestamp: START_MICROS },
      { address: '/cues/1', value: 4, revision: 4, session: desk.id, name: 'desk', timestamp: START_MICROS },
      {
        address: '/cues/1',
        value: 'five',
        revision: 5,
        session: phone.id,
        name: 'phone',
        timestamp: START_MICROS + 1_000_000,
      },
    ]);
    expect(harness.core.history('/one')).toMatchObject([{ value: 2 }]);
    expect(harness.core.history('/other')).toEqual([]);
  });

  it('is off without rules', () => {
    const harness = new CoreHarness();
    harness.join().set('/cues/1', 1);
    expect(harness.core.history('/cues/1')).toEqual([]);
  });

  it('keeps the oldest writes of all params within its limit of bytes, and counts what it drops', () => {
    const harness = new CoreHarness({ writeHistory, maxWriteHistoryBytes: 1_000 });
    const desk = harness.join();
    for (let i = 0; i < 6; i++) desk.set(`/cues/${i}`, 'x'.repeat(100));
    const left = [0, 1, 2, 3, 4, 5].filter((i) => harness.core.history(`/cues/${i}`).length > 0);
    expect(left).toEqual([4, 5]);
    const { history } = harness.core.statistics().memory;
    expect(history.usedBytes).toBeGreaterThan(800);
    expect(history).toMatchObject({ limitBytes: 1_000, madeRoom: 4 });
    expect(history.usedBytes).toBeLessThanOrEqual(1_000);
  });

  it('reports each write as committed at once', () => {
    const history = new WriteHistory({ writeHistory, maxWriteHistoryBytes: 0 });
    const positions: number[] = [];
    const stop = history.onCommitted((position) => positions.push(position));
    const harness = new CoreHarness({ changeLogs: [history] });
    const desk = harness.join();
    desk.set('/cues/1', 1);
    desk.set('/cues/1', 2);
    harness.core.takeDirty();
    desk.set('/cues/1', 3);
    harness.core.takeDirty();
    stop();
    desk.set('/cues/1', 4);
    harness.core.takeDirty();
    expect(positions).toEqual([2, 3]);
    expect(history.of('/cues/1')).toHaveLength(3);
  });
});
