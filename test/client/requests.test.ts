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
  it('say whether a message answered one', () => {
    const table = requests();
    void kept(table.add(setRules('/a')));
    expect(table.take(ack('/b', 1))).toBe(false);
    expect(table.take(ack('/a', 1))).toBe(true);
    expect(table.take(ack('/a', 1))).toBe(false);
  });

  it('have one timer between them and one to watch the clock, and none when nothing waits', async () => {
    const table = requests();
    const all = ['/a', '/b', '/c'].map((address) => kept(table.add(setRules(address))));
    expect(clock.timers).toBe(2); // theirs, and the watch of the clock
    await clock.pass(1_000);
    expect(clock.timers).toBe(0);
    expect(expiries).toBe(1);
    for (const each of all) await expect(each).rejects.toHaveProperty('kind', 'timeout');
  });

  it('that have expired are remembered as long again where answers may be lost, then forgotten', async () => {
    const table = requests(false);
    for (let i = 0; i < 20; i++) {
      void kept(table.add(setRules('/a')));
      await clock.pass(1_000);
    }
    expect(table.size).toBeLessThanOrEqual(2);
  });

  it('that have expired are remembered until their answers come where none is lost: a late ACK is not taken for a newer SET’s', async () => {
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

  it('that are never answered are not remembered without end', async () => {
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

  it('that have expired are forgotten when something later is answered, also where order is not kept', async () => {
    const table = requests(false);
    void kept(table.add(setRules('/a')));
    await clock.pass(1_000);
    const second = table.add(setRules('/a'));
    table.passed(table.lastOrder);
    expect(table.size).toBe(1);
    table.take(ack('/a', 5));
    await expect(second).resolves.toMatchObject({ revision: 5 });
  });

  it('older than what was answered are rejected, and no others', async () => {
    const table = requests();
    const [older, younger] = [kept(table.add(setRules('/a'))), kept(table.add(setRules('/b')))];
    table.passed(table.lastOrder - 1);
    await expect(older).rejects.toHaveProperty('kind', 'unanswered');
    expect(await outcome(younger)).toBe('waiting');
  });
});

describe('a QUERY', () => {
  it('that is answered without end is given up', async () => {
    const table = requests();
    const result = kept(table.add(queryRules('/**')));
    const signals = Array.from({ length: 40_000 }, () => ({ address: '/a', type: 'param' }) as const);
    const answer: ResultMessage = { type: 'result', signals };
    for (let i = 0; i < 2; i++) table.take(answer satisfies Message);
    expect(await outcome(result)).toBe('waiting');
    table.take(answer);
    await expect(result).rejects.toMatchObject({
      kind: 'overloaded',
      message: 'more than 100000 signals match /**; ask for less',
    });
  });
});
