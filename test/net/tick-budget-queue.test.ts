import { describe, expect, it } from '@jest/globals';
import { TickBudgetQueue } from '../../src/net/tick-budget-queue.js';

describe('a turnstile', () => {
  function turnstile(perTurn: number): { push: (item: number) => void; turn: () => void; passed: () => number[] } {
    const turns: (() => void)[] = [];
    let passed: number[] = [];
    const stile = new TickBudgetQueue<number>({
      perTurn,
      pass: (item) => passed.push(item),
      schedule: (turn) => turns.push(turn),
    });
    return {
      push: (item) => stile.push(item),
      turn: () => turns.splice(0).forEach((turn) => turn()),
      passed: () => {
        const now = passed;
        passed = [];
        return now;
      },
    };
  }

  it('lets so many pass at once, and the others in later turns, in order', () => {
    const { push, turn, passed } = turnstile(2);
    for (let i = 0; i < 5; i++) push(i);
    expect(passed()).toEqual([0, 1]);
    turn();
    expect(passed()).toEqual([2, 3]);
    push(5);
    expect(passed()).toEqual([]);
    turn();
    expect(passed()).toEqual([4, 5]);
    push(6);
    turn();
    expect(passed()).toEqual([6]);
    turn();
    push(7);
    expect(passed()).toEqual([7]);
  });

  it('keeps whoever comes behind somebody that waits, though there were room in this turn', () => {
    const { push, turn, passed } = turnstile(1);
    push(0);
    push(1);
    push(2);
    turn();
    push(3);
    expect(passed()).toEqual([0, 1]);
    turn();
    turn();
    expect(passed()).toEqual([2, 3]);
  });

  it('plans no turn while nobody comes', () => {
    let planned = 0;
    const turns: (() => void)[] = [];
    const stile = new TickBudgetQueue<number>({
      perTurn: 1,
      pass: () => undefined,
      schedule: (turn) => {
        planned++;
        turns.push(turn);
      },
    });
    stile.push(0);
    while (turns.length > 0) turns.shift()!(); // until nothing is planned any more
    expect(planned).toBe(1);
  });
});
