import { beforeEach, describe, expect, it } from '@jest/globals';
import { GestureThrottle, type GesturesOptions } from '../../../src/core/publish/gesture-throttle.js';
import type { RouterSession } from '../../../src/core/session.js';
import type { GesturePhase } from '../../../src/protocol/enumerations.js';
import type { PublishMessage } from '../../../src/protocol/messages/message.js';
import { EncodedValue, encodeValue } from '../../../src/protocol/values/encoded-value.js';
import type { Value } from '../../../src/protocol/values/value.js';
import { exhaust, wholeSlice } from '../../support/whole-slice.js';
import { CoreHarness, plain } from '../../support/core-harness.js';

const MS = 1_000;
const SECOND = 1_000_000;

/** A throttle with a precise timer, and its output as `ms sender address#id phase value`. */
class Bench {
  readonly gestures: GestureThrottle;
  nowMicros = 0;
  #out: string[] = [];

  constructor(options: Partial<GesturesOptions> = {}) {
    this.gestures = new GestureThrottle({ intervalMicros: 16 * MS, ...options }, (sender, message) => {
      const { address, id, phase, value } = message;
      const key = id === undefined ? address : `${address}#${id}`;
      const at = Math.round(this.nowMicros / MS);
      const shown = value!.decode() as string | number | null; // nothing else is sent here
      this.#out.push(`${at} ${sender.name} ${key} ${String(phase)} ${String(shown)}`);
    });
  }

  at(milliseconds: number): this {
    const until = milliseconds * MS;
    for (let due = this.gestures.dueMicros; due !== undefined && due <= until; due = this.gestures.dueMicros) {
      this.nowMicros = due;
      this.gestures.runDue(due, wholeSlice());
    }
    this.nowMicros = until;
    return this;
  }

  take(sender: RouterSession, phase: GesturePhase | undefined, value: Value, key: Key = {}): this {
    this.gestures.take(sender, gesture(phase, value, key), this.nowMicros);
    return this;
  }

  leave(sender: RouterSession): this {
    exhaust(this.gestures.leaving(sender, () => this.nowMicros));
    return this;
  }

  out(): string[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }
}

interface Key {
  readonly address?: string;
  readonly id?: number;
}

function gesture(phase: GesturePhase | undefined, value: Value, { address = '/touch', id }: Key = {}): PublishMessage {
  return { type: 'publish', address, signal: 'gesture', phase, id, value: encodeValue(value) };
}

function sender(name: string): RouterSession {
  const { session } = new CoreHarness().connect();
  session.name = name;
  return session;
}

let ann: RouterSession;
let bob: RouterSession;
beforeEach(() => {
  ann = sender('ann');
  bob = sender('bob');
});

describe('moves', () => {
  it('of a 240 Hz touch are delivered every 16 ms, always the latest', () => {
    const bench = new Bench();
    bench.take(ann, 'start', 'down');
    for (let i = 1; i <= 24; i++) bench.at((i * 1_000) / 240).take(ann, 'move', i); // 100 ms of it
    bench.at(200);
    expect(bench.out()).toEqual([
      '0 ann /touch start down',
      '4 ann /touch move 1',
      '20 ann /touch move 4',
      '36 ann /touch move 8',
      '52 ann /touch move 12',
      '68 ann /touch move 16',
      '84 ann /touch move 20',
      '100 ann /touch move 24',
    ]);
  });

  it('continue while the finger keeps moving', () => {
    const bench = new Bench();
    bench.take(ann, 'start', 'down');
    for (let ms = 1; ms <= 10_000; ms++) bench.at(ms).take(ann, 'move', ms);
    expect(bench.out()).toHaveLength(1 + 10_000 / 16);
  });

  it('slower than the interval are all sent at once', () => {
    const bench = new Bench().take(ann, 'start', 'down');
    for (const ms of [20, 36, 52]) bench.at(ms).take(ann, 'move', ms); // exactly one interval apart suffices
    expect(bench.out().slice(1)).toEqual(['20 ann /touch move 20', '36 ann /touch move 36', '52 ann /touch move 52']);
  });

  it('end with the last one, which arrives although none follows it', () => {
    const bench = new Bench().take(ann, 'start', 0).at(1).take(ann, 'move', 1).at(2).take(ann, 'move', 2).at(1_000);
    expect(bench.out()).toEqual(['0 ann /touch start 0', '1 ann /touch move 1', '17 ann /touch move 2']);
  });

  it('that arrive while the timer is late replace the pending one', () => {
    const bench = new Bench().take(ann, 'move', 1).at(1).take(ann, 'move', 2);
    bench.nowMicros = 40 * MS; // runDue was not called
    bench.take(ann, 'move', 3);
    expect(bench.out()).toEqual(['0 ann /touch move 1', '40 ann /touch move 3']);
    bench.at(1_000);
    expect(bench.out()).toEqual([]);
  });

  it('without a start are throttled as well, and leave nothing behind', () => {
    const bench = new Bench();
    for (const ms of [0, 1, 2]) bench.at(ms).take(ann, 'move', ms);
    expect(bench.gestures.size).toBe(1);
    bench.at(100);
    expect(bench.out()).toEqual(['0 ann /touch move 0', '16 ann /touch move 2']);
    expect(bench.gestures).toMatchObject({ size: 0, dueMicros: undefined });
  });

  it('are copied when they are kept: their frame can be overwritten', () => {
    const bench = new Bench().take(ann, 'move', 'first');
    const { type, bytes, start, end } = encodeValue('second');
    const frame = Uint8Array.from([9, ...bytes.subarray(start, end), 9]);
    const value = new EncodedValue(type, frame, 1, frame.length - 1);
    bench.gestures.take(ann, { ...gesture('move', null), value }, 1 * MS);
    frame.fill(0xff);
    expect(bench.at(16).out()).toEqual(['0 ann /touch move first', '16 ann /touch move second']);
  });

  it('are forwarded entirely: samples, rate, timestamp, and no value if the move has no value', () => {
    const out: PublishMessage[] = [];
    const gestures = new GestureThrottle({ intervalMicros: 16 * MS }, (_, message) => out.push(message));
    const first = gesture('move', 1);
    const kept = { ...gesture('move', 2), timestamp: 5, rate: 240 };
    gestures.take(ann, first, 0);
    gestures.take(ann, kept, 1);
    gestures.runDue(16 * MS, wholeSlice());
    const sampled = { ...gesture('move', 3), value: undefined, samples: [1, 2] };
    gestures.take(ann, sampled, 17 * MS);
    gestures.runDue(32 * MS, wholeSlice());
    expect(plain(out)).toEqual(plain([first, kept, sampled]));
  });
});

describe('start, end and cancel', () => {
  it.each(['end', 'cancel'] as const)('%s is sent at once, after the pending move', (phase) => {
    const bench = new Bench().take(ann, 'start', 0).take(ann, 'move', 1).take(ann, 'move', 2).take(ann, phase, 3);
    expect(bench.out()).toEqual([
      '0 ann /touch start 0',
      '0 ann /touch move 1',
      '0 ann /touch move 2',
      `0 ann /touch ${phase} 3`,
    ]);
    expect(bench.gestures).toMatchObject({ size: 0, dueMicros: undefined });
    expect(bench.at(100).out()).toEqual([]); // the move was sent once
  });

  it('a second start sends the pending move of the first, and restarts the gesture', () => {
    const bench = new Bench().take(ann, 'start', 0).take(ann, 'move', 1).take(ann, 'move', 2).at(1);
    bench.take(ann, 'start', 3).take(ann, 'move', 4).take(ann, 'move', 5).at(100);
    expect(bench.out().slice(2)).toEqual([
      '1 ann /touch move 2',
      '1 ann /touch start 3',
      '1 ann /touch move 4',
      '17 ann /touch move 5',
    ]);
    expect(bench.gestures.size).toBe(1);
  });

  it('a missing phase is a start', () => {
    const bench = new Bench().take(ann, undefined, 0).at(1).leave(ann);
    expect(bench.out()).toEqual(['0 ann /touch undefined 0', '1 ann /touch cancel null']);
  });

  it('the end of an unknown gesture is forwarded', () => {
    expect(new Bench().take(ann, 'end', 0).out()).toEqual(['0 ann /touch end 0']);
  });
});

describe('gestures', () => {
  it('of two clients with the same address and ID do not collide', () => {
    const bench = new Bench();
    bench.take(ann, 'start', 'a0', { id: 1 }).take(bob, 'start', 'b0', { id: 1 });
    bench.take(ann, 'move', 'a1', { id: 1 }).take(bob, 'move', 'b1', { id: 1 });
    bench.at(1).take(ann, 'move', 'a2', { id: 1 }).take(bob, 'move', 'b2', { id: 1 });
    bench.take(ann, 'end', 'a3', { id: 1 });
    expect(bench.out()).toEqual([
      '0 ann /touch#1 start a0',
      '0 bob /touch#1 start b0',
      '0 ann /touch#1 move a1',
      '0 bob /touch#1 move b1',
      '1 ann /touch#1 move a2',
      '1 ann /touch#1 end a3',
    ]);
    expect(bench.at(100).out()).toEqual(['16 bob /touch#1 move b2']);
  });

  it('of one client are identified by address and ID; no ID is ID 0', () => {
    const bench = new Bench().take(ann, 'move', 1).take(ann, 'move', 2, { id: 1 });
    bench.take(ann, 'move', 3, { address: '/other' }).take(ann, 'move', 4, { id: 0 });
    expect(bench.out()).toEqual(['0 ann /touch move 1', '0 ann /touch#1 move 2', '0 ann /other move 3']);
    expect(bench.at(16).out()).toEqual(['16 ann /touch#0 move 4']);
  });

  it('by the thousand are due each at its own time, in the order of their moves', () => {
    const bench = new Bench({ maxPerSession: 5_000 });
    for (let id = 0; id < 5_000; id++) {
      bench.nowMicros = id;
      bench.take(ann, 'move', 1, { id });
    }
    for (let id = 4_999; id >= 0; id--) bench.take(ann, 'move', 2, { id });
    bench.out();
    for (let id = 0; id < 5_000; id++) {
      expect(bench.gestures.dueMicros).toBe(16 * MS + id);
      bench.gestures.runDue(16 * MS + id, wholeSlice());
      expect(bench.out()).toEqual([expect.stringContaining(`#${id} move 2`)]);
    }
  });

  it('are tracked up to 256 per session by default', () => {
    const bench = new Bench();
    for (let id = 0; id < 300; id++) bench.take(ann, 'start', 1, { id });
    expect(bench.gestures.size).toBe(256);
  });

  it('beyond the limit of their session pass unthrottled, and none is lost', () => {
    const bench = new Bench({ maxPerSession: 2 });
    for (const id of [1, 2, 3]) bench.take(ann, 'start', id, { id });
    bench.take(bob, 'start', 0, { id: 3 }); // the limit is per session
    expect(bench.gestures.size).toBe(3);
    bench.out();
    for (const move of ['x', 'y', 'z']) bench.take(ann, 'move', move, { id: 1 }).take(ann, 'move', move, { id: 3 });
    expect(bench.out()).toEqual(['x', 'x', 'y', 'z'].map((move, i) => `0 ann /touch#${[1, 3, 3, 3][i]!} move ${move}`));
    bench.take(ann, 'start', 'again', { id: 1 }); // uses its existing entry
    expect(bench.out()).toEqual(['0 ann /touch#1 move z', '0 ann /touch#1 start again']);
    bench.take(ann, 'end', 0, { id: 1 }).take(ann, 'move', 1, { id: 3 }).take(ann, 'move', 2, { id: 3 });
    expect(bench.out()).toEqual(['0 ann /touch#1 end 0', '0 ann /touch#3 move 1']); // there is capacity again
  });

  it('with an interval of 0 pass unchanged, and are still canceled when their client is lost', () => {
    const bench = new Bench({ intervalMicros: 0 }).take(ann, 'start', 0, { id: 1 }).take(ann, 'move', 9, { id: 2 });
    for (const move of [1, 2, 3]) bench.take(ann, 'move', move, { id: 1 });
    expect(bench.gestures).toMatchObject({ size: 1, dueMicros: 300 * SECOND }); // no timer for the moves
    expect(bench.leave(ann).out()).toEqual([
      '0 ann /touch#1 start 0',
      '0 ann /touch#2 move 9',
      ...[1, 2, 3].map((move) => `0 ann /touch#1 move ${move}`),
      '0 ann /touch#1 cancel null',
    ]);
  });
});

describe('a lost client', () => {
  it('has its last moves delivered, and a cancel for each gesture it started and did not end', () => {
    const bench = new Bench();
    for (const id of [1, 2])
      bench.take(ann, 'start', 0, { id }).take(ann, 'move', 1, { id }).take(ann, 'move', 2, { id });
    bench.take(ann, 'end', 3, { id: 2 }).take(ann, 'start', 0, { id: 3 });
    bench.take(bob, 'start', 0).take(bob, 'move', 1).take(bob, 'move', 2).out();
    expect(bench.at(5).leave(ann).out()).toEqual([
      '5 ann /touch#1 move 2',
      '5 ann /touch#1 cancel null',
      '5 ann /touch#3 cancel null',
    ]);
    expect(bench.at(100).out()).toEqual(['16 bob /touch move 2']);
    expect(bench.leave(ann).out()).toEqual([]);
    expect(bench.gestures.size).toBe(1);
  });

  it('causes no cancel for moves without a start, only delivery of the last one', () => {
    const bench = new Bench().take(ann, 'move', 1).take(ann, 'move', 2).at(1).leave(ann);
    expect(bench.out()).toEqual(['0 ann /touch move 1', '1 ann /touch move 2']);
    expect(bench.gestures.size).toBe(0);
  });

  it('has its gestures canceled with fields every subscriber knows: address, ID, null, and the router’s time', () => {
    const out: PublishMessage[] = [];
    const gestures = new GestureThrottle({ intervalMicros: 16 * MS }, (_, message) => out.push(message));
    gestures.take(ann, gesture('start', 1, { id: 7 }), 0);
    exhaust(gestures.leaving(ann, () => 123));
    expect(out[1]).toEqual({
      type: 'publish',
      address: '/touch',
      signal: 'gesture',
      id: 7,
      phase: 'cancel',
      value: encodeValue(null),
      timestamp: 123,
    });
  });
});

describe('a gesture that never ends', () => {
  it('is removed 300 s after its last message, without a cancel, however long ago it began', () => {
    const bench = new Bench().take(ann, 'start', 0);
    for (let second = 0; second <= 900; second += 299) bench.at(second * 1_000).take(ann, 'move', second);
    bench.out();
    bench.at(897 * 1_000 + 299_999);
    expect(bench.gestures).toMatchObject({ size: 1, dueMicros: (897 + 300) * SECOND });
    bench.at(897 * 1_000 + 300_000);
    expect(bench.gestures).toMatchObject({ size: 0, dueMicros: undefined });
    expect(bench.leave(ann).out()).toEqual([]);
  });

  it('does not outlive one that is still touched', () => {
    const bench = new Bench({ intervalMicros: 0 }).take(ann, 'start', 0, { id: 1 }).take(ann, 'start', 0, { id: 2 });
    bench.at(200_000).take(ann, 'move', 1, { id: 1 }).at(300_000);
    expect(bench.gestures).toMatchObject({ size: 1, dueMicros: 500 * SECOND });
    bench.out();
    expect(bench.leave(ann).out()).toEqual(['300000 ann /touch#1 cancel null']);
  });
});
