import { describe, expect, it } from '@jest/globals';
import { Subject, tap } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { batchPerTick } from '../../../src/transports/operators/index.js';

/** Marbles where the turn ends one frame after its first emission. */
function marbles(
  test: (helpers: Parameters<Parameters<TestScheduler['run']>[0]>[0], schedule: (flush: () => void) => void) => void,
): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run((helpers) => {
    test(helpers, (flush) => scheduler.schedule(flush, 1));
  });
}

const batches = { a: ['a'], b: ['b'], c: ['a', 'b'], d: ['c'], e: ['a', 'b', 'c'] };

describe('batchPerTick', () => {
  it('collects all input of a turn in one array', () => {
    marbles(({ hot, expectObservable }, schedule) => {
      const source = hot('                                  (ab)--a-|');
      expectObservable(source.pipe(batchPerTick({ schedule }))).toBe('-c-----a|', batches);
    });
  });

  it('emits the remaining items before the end', () => {
    marbles(({ hot, expectObservable }, schedule) => {
      expectObservable(hot('(ab|)').pipe(batchPerTick({ schedule }))).toBe('(c|)', batches);
      expectObservable(hot('(ab#)').pipe(batchPerTick({ schedule }))).toBe('(c#)', batches);
      expectObservable(hot('--|').pipe(batchPerTick({ schedule }))).toBe('  --|');
    });
  });

  it('emits before the end of the turn if maxItems is exceeded', () => {
    marbles(({ hot, expectObservable }, schedule) => {
      const source = hot('                                               (abc)----|');
      expectObservable(source.pipe(batchPerTick({ schedule, maxItems: 1 }))).toBe('cd-------|', batches);
    });
  });

  it('emits each item at once while isImmediate returns true, after the items collected before', () => {
    marbles(({ hot, expectObservable }, schedule) => {
      let isImmediate = false;
      const source = hot('(ab)-c|').pipe(
        tap((item) => {
          isImmediate = item !== 'a';
        }),
      );
      const options = { schedule, isImmediate: () => isImmediate };
      expectObservable(source.pipe(batchPerTick(options))).toBe('c----d|', batches);
    });
  });

  it('applies the configured weight', () => {
    const planned: (() => void)[] = [];
    const source = new Subject<readonly number[]>();
    const out: unknown[] = [];
    source
      .pipe(batchPerTick({ schedule: (flush) => planned.push(flush), maxItems: 3, weigh: (frames) => frames.length }))
      .subscribe((batch) => out.push(batch));
    source.next([1, 2, 3]);
    source.next([]);
    expect(out).toEqual([]);
    source.next([4]);
    expect(out).toEqual([[[1, 2, 3], [], [4]]]);
    source.next([5]);
    expect(planned).toHaveLength(1);
    planned[0]!();
    expect(out[1]).toEqual([[5]]);
    source.next([6]);
    expect(planned).toHaveLength(2);
  });

  it('emits nothing at the end of an empty turn', () => {
    const planned: (() => void)[] = [];
    const source = new Subject<number>();
    const out: unknown[] = [];
    source.pipe(batchPerTick({ schedule: (flush) => planned.push(flush), maxItems: 1 })).subscribe((b) => out.push(b));
    source.next(1);
    source.next(2);
    planned[0]!();
    expect(out).toEqual([[1, 2]]);
  });

  it('keeps input that arrives during a batch for the next turn', () => {
    const planned: (() => void)[] = [];
    const source = new Subject<number>();
    const out: unknown[] = [];
    source.pipe(batchPerTick({ schedule: (flush) => planned.push(flush) })).subscribe((batch) => {
      out.push(batch);
      if (out.length === 1) source.next(2);
    });
    source.next(1);
    planned[0]!();
    expect(out).toEqual([[1]]);
    planned[1]!();
    expect(out).toEqual([[1], [2]]);
  });

  it('emits nothing after unsubscription', () => {
    const planned: (() => void)[] = [];
    const source = new Subject<number>();
    const out: unknown[] = [];
    const subscription = source
      .pipe(batchPerTick({ schedule: (flush) => planned.push(flush) }))
      .subscribe((b) => out.push(b));
    source.next(1);
    subscription.unsubscribe();
    planned[0]!();
    expect([out, source.observed]).toEqual([[], false]);
  });

  it('covers the microtasks of one turn by default', async () => {
    const source = new Subject<number>();
    const out: unknown[] = [];
    source.pipe(batchPerTick()).subscribe((batch) => out.push(batch));
    source.next(1);
    await Promise.resolve();
    source.next(2);
    await new Promise((resolve) => process.nextTick(resolve));
    source.next(3);
    expect(out).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(out).toEqual([[1, 2, 3]]);
  });
});
