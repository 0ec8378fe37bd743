import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GestureThrottle } from '../../../src/core/publish/gesture-throttle.js';
import type { RouterSession } from '../../../src/core/session.js';
import { type GesturePhase, gesturePhases } from '../../../src/protocol/enumerations.js';
import { EncodedValue, encodeValue } from '../../../src/protocol/values/encoded-value.js';
import { exhaust, wholeSlice } from '../../support/whole-slice.js';
import { CoreHarness } from '../../support/core-harness.js';

const INTERVAL = 16;

/** An input or output message: `n` identifies it; the cancel for a lost client has none. */
interface Entry {
  readonly at: number;
  readonly key: string;
  readonly phase: GesturePhase;
  readonly n: number | null;
}

type Step =
  | { readonly kind: 'take'; readonly who: number; readonly where: number; readonly phase: GesturePhase }
  | { readonly kind: 'leave'; readonly who: number }
  | { readonly kind: 'wait'; readonly micros: number; readonly punctual: boolean };

const who = fc.nat(2);
const take = fc.record({
  kind: fc.constant('take' as const),
  who,
  where: fc.nat(3),
  phase: fc.oneof({ weight: 6, arbitrary: fc.constant('move' as const) }, fc.constantFrom(...gesturePhases)),
});
const leave = fc.record({ kind: fc.constant('leave' as const), who });
const wait = (punctual: fc.Arbitrary<boolean>): fc.Arbitrary<Step> =>
  fc.record({ kind: fc.constant('wait' as const), micros: fc.nat(2 * INTERVAL), punctual });
const steps = (punctual: fc.Arbitrary<boolean>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      { weight: 12, arbitrary: take },
      { weight: 8, arbitrary: wait(punctual) },
      { weight: 1, arbitrary: leave },
    ),
    { maxLength: 150 },
  );

/** Two addresses times two ids, one of which is absent. */
const keys = [{ address: '/a' }, { address: '/a', id: 1 }, { address: '/b' }, { address: '/b', id: 1 }];

/** The model: a table with linear search. */
class Model {
  readonly out: Entry[] = [];
  readonly #live = new Map<string, { isStarted: boolean; until: number; pending?: Entry | undefined }>();

  take(entry: Entry): void {
    const live = this.#live.get(entry.key) ?? { isStarted: false, until: -Infinity };
    if (entry.phase !== 'move') {
      this.#flush(live, entry.at);
      this.#live.delete(entry.key);
      if (entry.phase === 'start') this.#live.set(entry.key, { isStarted: true, until: -Infinity });
      this.out.push(entry);
    } else {
      live.pending = entry;
      this.#live.set(entry.key, live);
      this.runDue(entry.at);
    }
  }

  leave(owner: number, at: number): void {
    for (const [key, live] of this.#live) {
      if (!key.startsWith(`${owner} `)) continue;
      this.#flush(live, at);
      if (live.isStarted) this.out.push({ at, key, phase: 'cancel', n: null });
      this.#live.delete(key);
    }
  }

  runDue(at: number): void {
    for (const live of this.#live.values()) {
      if (live.pending === undefined || live.until > at) continue;
      this.#flush(live, at);
      live.until = at + INTERVAL;
    }
  }

  #flush(live: { pending?: Entry | undefined }, at: number): void {
    if (live.pending !== undefined) this.out.push({ ...live.pending, at });
    live.pending = undefined;
  }
}

interface Run {
  readonly sent: readonly Entry[];
  readonly out: readonly Entry[];
  readonly model: readonly Entry[];
  /** Which sender left, when, and before which message. */
  readonly left: readonly { readonly who: number; readonly at: number; readonly n: number }[];
}

/** Runs the steps, then everything due, and ends all senders. */
function play(steps: readonly Step[], maxPerSession?: number): Run {
  const sessions = [0, 1, 2].map(() => new CoreHarness().connect().session);
  const sent: Entry[] = [];
  const out: Entry[] = [];
  const left: { who: number; at: number; n: number }[] = [];
  const model = new Model();
  const scratch = new Uint8Array(64);
  let now = 0;
  const gestures = new GestureThrottle(
    { intervalMicros: INTERVAL, ...(maxPerSession === undefined ? {} : { maxPerSession }) },
    (sender, { address, id, phase, value }) => {
      const n = value!.decode() as number | null; // nothing else is sent here
      out.push({ at: now, key: keyOf(sessions, sender, address, id), phase: phase!, n });
    },
  );

  const wait = (micros: number, punctual: boolean): void => {
    const until = now + micros;
    for (; punctual && now < until; now++) {
      model.runDue(now);
      if ((gestures.dueMicros ?? Infinity) <= now) gestures.runDue(now, wholeSlice());
    }
    now = until;
    model.runDue(now);
    if ((gestures.dueMicros ?? Infinity) <= now) gestures.runDue(now, wholeSlice());
  };
  const leaves = (whoever: number): void => {
    left.push({ who: whoever, at: now, n: sent.length });
    model.leave(whoever, now);
    exhaust(gestures.leaving(sessions[whoever]!, () => now));
  };

  for (const step of steps) {
    if (step.kind === 'wait') wait(step.micros, step.punctual);
    else if (step.kind === 'leave') leaves(step.who);
    else {
      const { address, id } = keys[step.where]!;
      const n = sent.length;
      const entry = { at: now, key: keyOf(sessions, sessions[step.who]!, address, id), phase: step.phase, n };
      sent.push(entry);
      model.take(entry);
      const value = inFrame(scratch, n);
      gestures.take(
        sessions[step.who]!,
        { type: 'publish', address, signal: 'gesture', id, phase: step.phase, value },
        now,
      );
      scratch.fill(0xff); // the turn is over
    }
  }
  wait(2 * INTERVAL, true);
  const settled = out.length;
  for (const whoever of [0, 1, 2]) leaves(whoever);
  expect(out.slice(settled).filter(({ phase }) => phase === 'move')).toEqual([]); // every move was sent already
  expect(gestures).toMatchObject({ size: 0, dueMicros: undefined });
  return { sent, out, model: model.out, left };
}

function keyOf(sessions: readonly RouterSession[], sender: RouterSession, address: string, id = 0): string {
  return `${sessions.indexOf(sender)} ${address} ${id}`;
}

/** A value as a decoder returns it: a view of a buffer that is reused. */
function inFrame(frame: Uint8Array, n: number): EncodedValue {
  const { type, bytes, start, end } = encodeValue(n);
  frame.set(bytes.subarray(start, end), 3);
  return new EncodedValue(type, frame, 3, 3 + end - start);
}

/** The entries of each key, in order. */
function byKey(entries: readonly Entry[]): Map<string, Entry[]> {
  const lists = new Map<string, Entry[]>();
  for (const entry of entries) lists.set(entry.key, [...(lists.get(entry.key) ?? []), entry]);
  return lists;
}

describe('GestureThrottle', () => {
  it('behaves like a table with linear search, at the same microsecond', () => {
    fc.assert(
      fc.property(steps(fc.constant(true)), (steps) => {
        const { out, model } = play(steps);
        expect(byKey(out)).toEqual(byKey(model)); // order across keys is unspecified
      }),
      { numRuns: 500 },
    );
  });

  it('loses no last move, reorders nothing, delays no start, end or cancel, with a late timer and a full table', () => {
    fc.assert(
      fc.property(steps(fc.boolean()), fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }), (steps, most) => {
        const { sent, out, left } = play(steps, most);
        for (const [key, entries] of byKey(sent)) {
          const delivered = out.filter((one) => one.key === key && one.n !== null);
          const order = delivered.map(({ n }) => n!);
          expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
          entries.forEach((entry, i) => {
            const next = entries[i + 1];
            const arrived = delivered.find(({ n }) => n === entry.n);
            if (entry.phase !== 'move') expect(arrived).toEqual(entry);
            else if (next?.phase !== 'move' || hasLeft(left, entry, next)) expect(arrived).toBeDefined();
            // Only the latest move: once its successor has arrived, it is not sent.
            if (arrived !== undefined && next !== undefined) expect(arrived.at).toBeLessThanOrEqual(next.at);
          });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('sends one move per interval, except the last one of a gesture that restarts, ends or whose sender ends', () => {
    fc.assert(
      fc.property(steps(fc.boolean()), (steps) => {
        const { out, left } = play(steps);
        for (const entries of byKey(out).values()) {
          entries.forEach((move, i) => {
            const before = entries[i - 1];
            const after = entries[i + 1];
            if (move.phase !== 'move' || before?.phase !== 'move' || hasLeft(left, before, move)) return;
            const isLast = after !== undefined && after.phase !== 'move' && after.at === move.at;
            if (isLast || left.some((one) => one.who === owner(move) && one.at === move.at)) return;
            expect(move.at - before.at).toBeGreaterThanOrEqual(INTERVAL);
          });
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Whether the sender of two entries has left between them. */
function hasLeft(left: Run['left'], earlier: Entry, later: Entry): boolean {
  return left.some(({ who, n }) => who === owner(earlier) && earlier.n! < n && n <= later.n!);
}

function owner({ key }: Entry): number {
  return Number(key.split(' ')[0]);
}
