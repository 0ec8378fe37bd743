import { describe, expect, it } from '@jest/globals';
import { SteadyClock } from '../../support/steady-clock.js';
import { AdmissionQueue, type AdmissionQueueOptions } from '../../../src/util/admission/admission-queue.js';
import type { Block, Gate } from '../../../src/util/admission/gate.js';

/** A gate that the test opens and closes, and whose capacity it sets. */
class TestGate implements Gate<string> {
  relieve: () => boolean = () => false;
  readonly entered: string[] = [];
  /** Remaining capacity by place; `all` for all together. */
  readonly left = new Map<string, number>();
  isFinal = false;

  check(place: string | undefined): Block | undefined {
    const { isFinal } = this;
    if (this.left.get(place ?? '') === 0) return { scope: 'place', text: `${place} is full`, isFinal };
    return this.left.get('all') === 0 ? { scope: 'all', text: 'all is full', isFinal } : undefined;
  }

  enter(item: string, place: string | undefined): void {
    this.entered.push(item);
    for (const key of [place ?? '', 'all']) {
      const left = this.left.get(key);
      if (left !== undefined) this.left.set(key, left - 1);
    }
  }
}

interface Queue {
  readonly queue: AdmissionQueue<string>;
  readonly gate: TestGate;
  readonly clock: SteadyClock;
  readonly admitted: string[];
  readonly refused: string[];
  /** `a1` is a connection of place `a`. */
  arrive(...items: readonly string[]): void;
}

function newQueue(options: Partial<AdmissionQueueOptions<string>> = {}): Queue {
  const clock = new SteadyClock();
  const gate = new TestGate();
  const admitted: string[] = [];
  const refused: string[] = [];
  const queue = new AdmissionQueue<string>({
    gates: [gate],
    maxWaiting: 10,
    maxWaitingPerAddress: 0,
    maxWaitMs: 1_000,
    clock,
    admit: (item) => void admitted.push(item),
    refuse: (item, text) => void refused.push(`${item}: ${text}`),
    ...options,
  });
  const arrive = (...items: readonly string[]): void => {
    for (const item of items) queue.arrive(item, item[0]);
  };
  return { queue, gate, clock, admitted, refused, arrive };
}

describe('an admission queue', () => {
  it('accepts a connection at once while no limit is reached', () => {
    const { queue, gate, admitted, arrive } = newQueue();
    arrive('a1', 'b1', 'a2');
    expect(admitted).toEqual(['a1', 'b1', 'a2']);
    expect(gate.entered).toEqual(admitted);
    expect(queue.waiting).toBe(0);
  });

  it('accepts waiting connections as soon as there is capacity, in order', () => {
    const { queue, gate, clock, admitted, refused, arrive } = newQueue();
    gate.left.set('a', 0);
    arrive('a1', 'a2', 'a3', 'b1');
    expect([admitted, queue.waiting]).toEqual([['b1'], 3]);
    gate.left.set('a', 2);
    clock.increment(25);
    expect([admitted, queue.waiting]).toEqual([['b1', 'a1', 'a2'], 1]);
    gate.left.set('a', 1);
    clock.increment(25);
    expect([admitted, refused]).toEqual([['b1', 'a1', 'a2', 'a3'], []]);
  });

  it('alternates between addresses', () => {
    const { gate, clock, admitted, arrive } = newQueue();
    gate.left.set('all', 0);
    arrive('a1', 'a2', 'a3', 'b1', 'c1');
    gate.left.set('all', 3);
    clock.increment(25);
    expect(admitted).toEqual(['a1', 'b1', 'c1']);
    gate.left.set('all', 9);
    clock.increment(25);
    expect(admitted.slice(3)).toEqual(['a2', 'a3']);
  });

  it('lets no connection overtake one of its address', () => {
    const { gate, clock, admitted, arrive } = newQueue();
    gate.left.set('a', 0);
    arrive('a1');
    gate.left.set('a', 9);
    arrive('a2');
    expect(admitted).toEqual([]);
    clock.increment(25);
    expect(admitted).toEqual(['a1', 'a2']);
  });

  it('lets no connection overtake those that wait for a limit of all addresses', () => {
    const { gate, clock, admitted, arrive } = newQueue();
    gate.left.set('all', 0);
    arrive('a1');
    gate.left.set('all', 1);
    arrive('b1');
    clock.increment(25);
    expect(admitted).toEqual(['a1']);
  });

  it('does not delay this computer because of others', () => {
    const { queue, gate, admitted, arrive } = newQueue();
    gate.left.set('all', 0);
    arrive('a1');
    gate.left.delete('all');
    queue.arrive('local', undefined);
    expect(admitted).toEqual(['local']);
  });

  it('refuses connections that have waited too long, with the reason', () => {
    const { queue, gate, clock, refused, arrive } = newQueue();
    gate.left.set('a', 0);
    arrive('a1');
    clock.increment(500);
    arrive('a2');
    clock.increment(475);
    expect(refused).toEqual([]);
    clock.increment(25);
    expect(refused).toEqual(['a1: a is full; it has waited for 1 s']);
    clock.increment(500);
    expect([refused.length, queue.waiting]).toEqual([2, 0]);
  });

  it('accepts instead of refusing a connection that was late only because of a stall', () => {
    const { gate, clock, admitted, refused, arrive } = newQueue();
    gate.left.set('a', 0);
    arrive('a1');
    gate.left.set('a', 1);
    clock.stall(60_000);
    expect([admitted, refused]).toEqual([['a1'], []]);
  });

  it('neither refuses waiting connections nor ends a handshake for them in the grace period after a stall', () => {
    let relieved = 0;
    const { gate, clock, refused, arrive } = newQueue();
    gate.relieve = () => ++relieved < 0;
    gate.left.set('a', 0);
    arrive('a1');
    expect(relieved).toBe(1);
    clock.stall(60_000);
    clock.increment(29_000);
    expect([refused, relieved]).toEqual([[], 1]);
    clock.increment(2_000);
    expect(refused).toEqual(['a1: a is full; it has waited for 1 s']);
  });

  it('refuses connections that do not fit', () => {
    const { gate, refused, arrive } = newQueue({ maxWaiting: 3, maxWaitingPerAddress: 2 });
    gate.left.set('all', 0);
    arrive('a1', 'a2', 'a3', 'b1', 'c1', 'd1');
    expect(refused).toEqual([
      'a3: all is full; 2 connections of its address wait already',
      'a2: 3 connections wait already',
      'd1: all is full; 3 connections wait already',
    ]);
  });

  it('refuses at once if no connection can wait', () => {
    const { gate, refused, arrive } = newQueue({ maxWaiting: 0 });
    gate.left.set('a', 0);
    arrive('a1');
    expect(refused).toEqual(['a1: a is full']);
  });

  it('refuses at once if waiting cannot help, including connections that wait already', () => {
    const { gate, clock, refused, arrive } = newQueue();
    gate.left.set('a', 0);
    arrive('a1');
    gate.isFinal = true;
    arrive('b1', 'a2');
    clock.increment(25);
    expect(refused).toEqual(['a2: a is full', 'a1: a is full']);
  });

  it('removes a connection that closes while it waits', () => {
    const { queue, gate, clock, admitted, arrive } = newQueue();
    gate.left.set('a', 0);
    arrive('a1', 'a2');
    queue.forget('a1');
    gate.left.delete('a');
    clock.increment(25);
    expect(admitted).toEqual(['a2']);
  });

  it('removes all connections when it is cleared, and then needs no timer', () => {
    const { queue, gate, clock, admitted, refused, arrive } = newQueue();
    gate.left.set('a', 0);
    arrive('a1', 'a2');
    expect(queue.clear()).toEqual(['a1', 'a2']);
    gate.left.delete('a');
    clock.increment(5_000);
    expect([admitted, refused]).toEqual([[], []]);
  });

  it('requests capacity from a gate for waiting connections, and accepts one for one', () => {
    let relieved = 0;
    const gate: Gate<string> = {
      check: () => ({ scope: 'all', text: 'full' }),
      enter: () => undefined,
      relieve: (place) => place === 'b' && ++relieved <= 2,
    };
    const { clock, admitted, arrive } = newQueue({ gates: [gate] });
    arrive('b1', 'a1', 'b2', 'b3');
    expect(admitted).toEqual(['b1']);
    clock.increment(25);
    expect(admitted).toEqual(['b1', 'b2']);
  });

  it('leaves the time of the check to its owner if configured', () => {
    let due = 0;
    const { queue, gate, clock, admitted, arrive } = newQueue({ onDue: () => due++ });
    gate.left.set('a', 0);
    arrive('a1');
    gate.left.delete('a');
    clock.increment(25);
    expect([due, admitted]).toEqual([1, []]);
    queue.look();
    expect(admitted).toEqual(['a1']);
  });
});
