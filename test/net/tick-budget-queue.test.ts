import { describe, expect, it } from '@jest/globals';
import { TickBudgetQueue } from '../../src/net/tick-budget-queue.js';

describe('TickBudgetQueue', () => {
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

  it('passes the limit immediately, and the others in later turns, in order', () => {
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

  it('keeps the order: an item after a queued one waits, even if this turn has capacity', () => {
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

  it('schedules no turn while it is empty', () => {
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
    while (turns.length > 0) turns.shift()!(); // until no turn is scheduled
    expect(planned).toBe(1);
  });
});
