import { describe, expect, it } from '@jest/globals';
import { TurnShares } from '../../../src/core/scheduling/turn-shares.js';
import { recentUse } from '../../../src/core/scheduling/turn-use.js';
import { CoreHarness } from '../../support/core-harness.js';

const SESSION_STEPS = 100_000;
const TURN_STEPS = 200_000;
const START = 1_000_000_000;

const harness = new CoreHarness();

function setUp(measuresCpu = false) {
  let micros = START;
  let cpu = 0;
  const cpuMicros = measuresCpu ? () => cpu : undefined;
  const shares = new TurnShares({ nowMicros: () => micros, cpuMicros });
  return {
    shares,
    session: () => harness.connect().session,
    pass: (more: number, ofOthers = 0) => {
      micros += more + ofOthers;
      cpu += more;
    },
  };
}

describe('TurnShares', () => {
  it('gives a session 100,000 steps of a turn, and all sessions together 200,000', () => {
    const { shares, session } = setUp();
    shares.begin(500, false);
    const [one, two, three] = [session(), session(), session()];
    expect(shares.lastCostOf(one, 500)).toBe(500 + SESSION_STEPS);
    shares.spend(one, 60_000, 60_000);
    expect(shares.lastCostOf(one, 60_500)).toBe(60_500 + 40_000);
    expect(shares.lastCostOf(two, 120_500)).toBe(500 + TURN_STEPS);
    expect(shares.lastCostOf(three, 200_500)).toBe(500 + TURN_STEPS);
    shares.begin(300_000, false);
    expect(shares.lastCostOf(one, 300_000)).toBe(300_000 + SESSION_STEPS);
  });

  it('counts the measured time if it exceeds that of the steps', () => {
    const { shares, pass } = setUp();
    shares.begin(0, false);
    pass(100);
    expect(shares.costAt(1_000)).toBe(1_000); // the clock is read every 40 µs of steps
    expect(shares.costAt(2_100)).toBe(5_000);
    pass(10);
    expect(shares.costAt(4_000)).toBe(6_900);
    pass(90);
    expect(shares.costAt(4_200)).toBe(10_000);
    expect(shares.costAt(9_000)).toBe(14_800); // steps that took less than their time count in full
  });

  it('does not count time in which the system runs other programs', () => {
    const { shares, pass } = setUp(true);
    shares.begin(0, false);
    pass(40, 3_000);
    expect(shares.costAt(2_100)).toBe(2_100); // the first reading
    pass(80, 5_000);
    expect(shares.costAt(4_200)).toBe((42 + 80) * 50);
    pass(1_000, 3_000);
    expect(shares.costAt(6_300)).toBe((42 + 1_080) * 50);
  });

  it('defers the rest of a session whose message was deferred', () => {
    const { shares, session } = setUp();
    shares.begin(0, false);
    const one = session();
    shares.lastCostOf(one, 0);
    shares.close(one);
    expect(shares.lastCostOf(one, 0)).toBe(-Infinity);
  });

  it('charges one message at most 16 times its steps for the time of a garbage collection', () => {
    const { shares, session } = setUp();
    const one = session();
    shares.begin(0, false);
    shares.spend(one, 15, 350_000);
    expect(recentUse(one.turn, START)).toBe(240);
    shares.spend(one, 1_000, 5_000);
    expect(recentUse(one.turn, START)).toBe(5_240);
  });

  it('halves the recent use of a session every 65 ms', () => {
    const { shares, session, pass } = setUp();
    const one = session();
    shares.begin(0, false);
    shares.spend(one, 8_000, 8_000);
    expect(recentUse(one.turn, START)).toBe(8_000);
    expect(recentUse(one.turn, START + 65_536)).toBe(4_000);
    pass(2 * 65_536);
    shares.begin(0, false);
    shares.spend(one, 1_000, 1_000);
    expect(recentUse(one.turn, START + 2 * 65_536)).toBe(3_000);
  });

  it('makes sessions that use much wait while output of earlier turns is being written', () => {
    const { shares, session } = setUp();
    const [heavy, light] = [session(), session()];
    shares.begin(0, false);
    shares.spend(heavy, 50_000, 50_000);
    shares.spend(light, 50, 50);
    shares.begin(0, true);
    expect(shares.lastCostOf(heavy, 0)).toBe(0);
    expect(shares.lastCostOf(light, 0)).toBe(SESSION_STEPS);
    shares.begin(0, false);
    expect(shares.lastCostOf(heavy, 0)).toBe(SESSION_STEPS);
  });
});
