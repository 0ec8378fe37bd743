import { beforeEach, describe, expect, it } from '@jest/globals';
import { queryRules, setRules } from '../../src/client/request-rules.js';
import { Requests } from '../../src/client/requests.js';
import type { Message, ResultMessage } from '../../src/protocol/messages/message.js';
import { ack, CountingClock, kept, outcome } from './scripted-router.js';

let clock: CountingClock;
let expiries: number;

beforeEach(() => {
  clock = new CountingClock();
  expiries = 0;
});

function requests(reliable = true): Requests {
  return new Requests({ clock, timeoutMs: 1_000, reliable, onExpired: () => expiries++ });
}

describe('requests', () => {
  it('report whether a message answered one', () => {
    const table = requests();
    void kept(table.add(setRules('/a')));
    expect(table.take(ack('/b', 1))).toBe(false);
    expect(table.take(ack('/a', 1))).toBe(true);
    expect(table.take(ack('/a', 1))).toBe(false);
  });

  it('share one timer and one clock watch, and have none if nothing waits', async () => {
    const table = requests();
    const all = ['/a', '/b', '/c'].map((address) => kept(table.add(setRules(address))));
    expect(clock.timers).toBe(2); // the timer of the requests, and the watch of the clock
    await clock.pass(1_000);
    expect(clock.timers).toBe(0);
    expect(expiries).toBe(1);
    for (const each of all) await expect(each).rejects.toHaveProperty('kind', 'timeout');
  });

  it('that have expired are kept for as long again if answers can be lost, then dropped', async () => {
    const table = requests(false);
    for (let i = 0; i < 20; i++) {
      void kept(table.add(setRules('/a')));
      await clock.pass(1_000);
    }
    expect(table.size).toBeLessThanOrEqual(2);
  });

  it('that have expired are kept until their answers arrive if none is lost: a late ACK is not assigned to a newer SET', async () => {
    const table = requests();
    for (let i = 0; i < 2; i++) {
      void kept(table.add(setRules('/a')));
      await clock.pass(1_000);
    }
    const third = table.add(setRules('/a'));
    clock.increment(400);
    for (const revision of [1, 2, 3]) table.take(ack('/a', revision));
    await expect(third).resolves.toMatchObject({ revision: 3 });
  });

  it('that are never answered are not kept without limit', async () => {
    const table = requests();
    for (let i = 0; i < 12_000; i++) {
      void kept(table.add(setRules('/a')));
      if (i % 1_000 === 0) await clock.pass(1_000);
    }
    await clock.pass(1_000);
    void kept(table.add(setRules('/a')));
    await clock.pass(1_000);
    expect(table.size).toBeLessThanOrEqual(10_000);
  });

  it('that have expired are dropped when a later one is answered, even without a fixed order', async () => {
    const table = requests(false);
    void kept(table.add(setRules('/a')));
    await clock.pass(1_000);
    const second = table.add(setRules('/a'));
    table.passed(table.lastOrder);
    expect(table.size).toBe(1);
    table.take(ack('/a', 5));
    await expect(second).resolves.toMatchObject({ revision: 5 });
  });

  it('older than an answered one are rejected, and no others', async () => {
    const table = requests();
    const [older, younger] = [kept(table.add(setRules('/a'))), kept(table.add(setRules('/b')))];
    table.passed(table.lastOrder - 1);
    await expect(older).rejects.toHaveProperty('kind', 'unanswered');
    expect(await outcome(younger)).toBe('waiting');
  });
});

describe('a QUERY', () => {
  it('with answers without end is rejected', async () => {
    const table = requests();
    const result = kept(table.add(queryRules('/**')));
    const signals = Array.from({ length: 40_000 }, () => ({ address: '/a', type: 'param' }) as const);
    const answer: ResultMessage = { type: 'result', signals };
    for (let i = 0; i < 2; i++) table.take(answer satisfies Message);
    expect(await outcome(result)).toBe('waiting');
    table.take(answer);
    await expect(result).rejects.toMatchObject({
      kind: 'overloaded',
      message: 'more than 100000 signals match /**; use a narrower pattern',
    });
  });
});
