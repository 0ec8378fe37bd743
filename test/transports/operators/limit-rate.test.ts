import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { SimulatedClock } from 'xstate';
import { closeFrame, isCloseFrame } from '../../../src/protocol/close-message.js';
import { encodeFrame } from '../../../src/protocol/frame.js';
import { FrameRun } from '../../../src/protocol/frame-run.js';
import type { RateLimitedMessage } from '../../../src/protocol/inbound.js';
import { limitRate, type LimitRateOptions } from '../../../src/transports/operators/index.js';

/** A limiter on an array, with its clock. */
function limited(options: Omit<LimitRateOptions, 'clock'>): {
  clock: SimulatedClock;
  send: (count: number) => void;
  out: (readonly (number | Uint8Array | RateLimitedMessage)[])[];
} {
  const clock = new SimulatedClock();
  const frames$ = new Subject<readonly number[]>();
  const out: (readonly (number | Uint8Array | RateLimitedMessage)[])[] = [];
  frames$.pipe(limitRate({ ...options, clock })).subscribe((batch) => out.push(batch));
  let next = 0;
  return { clock, out, send: (count) => frames$.next(Array.from({ length: count }, () => next++)) };
}

const notice = (messagesPerSecond: number, dropped: number): RateLimitedMessage => ({
  type: 'rateLimited',
  messagesPerSecond,
  dropped,
});

describe('limitRate', () => {
  it('passes one second’s worth immediately, drops the rest of the batch and reports it at its position', () => {
    const { send, out } = limited({ messagesPerSecond: 3 });
    send(5);
    expect(out).toEqual([[0, 1, 2, notice(3, 2)]]);
  });

  it('refills with the elapsed time, up to the burst', () => {
    const { clock, send, out } = limited({ messagesPerSecond: 10, burst: 2 });
    send(2);
    clock.increment(100);
    send(1);
    clock.increment(60_000);
    send(2);
    expect(out).toEqual([[0, 1], [2], [3, 4]]);
    send(1);
    expect(out[3]).toEqual([notice(10, 1)]);
  });

  it('counts fractions of a token', () => {
    const { clock, send, out } = limited({ messagesPerSecond: 1, burst: 1 });
    send(1);
    clock.increment(400);
    send(0);
    clock.increment(600);
    send(1);
    expect(out).toEqual([[0], [], [1]]);
  });

  it('reports all drops, at most once per second', () => {
    const { clock, send, out } = limited({ messagesPerSecond: 1 });
    send(2);
    clock.increment(500);
    send(3); // dropped, and not reported yet
    clock.increment(499);
    send(1);
    clock.increment(1);
    send(4);
    expect(out).toEqual([[0, notice(1, 1)], [], [], [6, notice(1, 7)]]);
  });

  it('reports the last drops with any later batch, even an empty one', () => {
    const { clock, send, out } = limited({ messagesPerSecond: 1 });
    send(2);
    send(5);
    clock.increment(1_000);
    send(0);
    clock.increment(1_000);
    send(0);
    expect(out).toEqual([[0, notice(1, 1)], [], [notice(1, 5)], []]);
  });

  it('passes the same array object while nothing is dropped', () => {
    const clock = new SimulatedClock();
    const batch = [1, 2, 3];
    const out: unknown[] = [];
    const frames$ = new Subject<readonly number[]>();
    frames$.pipe(limitRate({ messagesPerSecond: 100, clock })).subscribe((passed) => out.push(passed));
    frames$.next(batch);
    expect(out[0]).toBe(batch);
  });

  it('counts the frames of a run, and passes as many of them as allowed', () => {
    const ping = encodeFrame({ type: 'ping' });
    const run = (count: number): FrameRun => new FrameRun(Buffer.concat(Array<Uint8Array>(count).fill(ping)), count);
    const out: unknown[] = [];
    const batches$ = new Subject<readonly FrameRun[]>();
    const clock = new SimulatedClock();
    batches$.pipe(limitRate({ messagesPerSecond: 5, clock })).subscribe((passed) => out.push(passed));
    const whole = [run(2)];
    batches$.next(whole);
    batches$.next([run(2), run(4)]);
    expect(out[0]).toBe(whole);
    expect(out[1]).toEqual([...Array<Buffer>(3).fill(Buffer.from(ping)), notice(5, 3)]);
  });

  it('always passes the last frame of a batch if the option selects it, alone or in a run', () => {
    const ping = encodeFrame({ type: 'ping' });
    const close = closeFrame();
    const out: unknown[] = [];
    const batches$ = new Subject<readonly (Uint8Array | FrameRun)[]>();
    const clock = new SimulatedClock();
    const limit = limitRate<Uint8Array | FrameRun>({ messagesPerSecond: 1, clock, passesLast: isCloseFrame });
    batches$.pipe(limit).subscribe((passed) => out.push(passed));
    batches$.next([ping, close, ping]);
    batches$.next([ping, close]);
    batches$.next([new FrameRun(Buffer.concat([ping, ping, close]), 3)]);
    expect(out).toEqual([[ping, notice(1, 2)], [close], [Buffer.from(close)]]);
    clock.increment(1_000);
    batches$.next([]);
    expect(out[3]).toEqual([notice(1, 3)]); // frames that passed are not counted as dropped
  });

  it('is not an operator if the limit is 0', () => {
    const frames$ = new Subject<readonly number[]>();
    expect(frames$.pipe(limitRate({ messagesPerSecond: 0, clock: new SimulatedClock() }))).toBe(frames$);
  });

  it('uses a separate bucket per subscription', () => {
    const frames$ = new Subject<readonly number[]>();
    const limited$ = frames$.pipe(limitRate({ messagesPerSecond: 1, clock: new SimulatedClock() }));
    const out: unknown[] = [];
    limited$.subscribe((batch) => out.push(batch));
    limited$.subscribe((batch) => out.push(batch));
    frames$.next([1]);
    expect(out).toEqual([[1], [1]]);
  });

  it('passes the end and errors, and unsubscribes', () => {
    const clock = new SimulatedClock();
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(
      ({ hot, expectObservable, expectSubscriptions }) => {
        const values = { a: [1], b: [2] };
        const ended = hot('  a-b-|', values);
        const failed = hot(' a-#', values);
        const left = hot('   a-b-b', values);
        const limit = limitRate<number>({ messagesPerSecond: 100, clock });
        expectObservable(ended.pipe(limit)).toBe(' a-b-|', values);
        expectObservable(failed.pipe(limit)).toBe('a-#', values);
        expectObservable(left.pipe(limit), '       ---!').toBe('a-b', values);
        expectSubscriptions(left.subscriptions).toBe('^--!');
      },
    );
  });
});
