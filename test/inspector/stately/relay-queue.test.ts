import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../src/inspector/feed.js';
import { RelayQueue, type RelaySocket } from '../../../src/inspector/stately/relay-queue.js';

/** A socket whose buffer is drained only by the test. */
class SlowSocket implements RelaySocket {
  readonly sent: Json[] = [];
  readonly #held: { readonly bytes: number; readonly done: (error?: Error) => void }[] = [];
  mostHeld = 0;

  get bufferedAmount(): number {
    return this.#held.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  send(text: string, done: (error?: Error) => void): void {
    this.sent.push(JSON.parse(text) as Json); // parsed JSON is JSON
    this.#held.push({ bytes: Buffer.byteLength(text), done });
    this.mostHeld = Math.max(this.mostHeld, this.bufferedAmount);
  }

  /** Accepts the oldest message. @returns whether there was one */
  take(error?: Error): boolean {
    const oldest = this.#held.shift();
    oldest?.done(error);
    return oldest !== undefined;
  }

  takeAll(): void {
    while (this.take() || this.turn());
  }

  /** Callbacks deferred to a later turn of the event loop. */
  readonly #later: (() => void)[] = [];
  readonly defer = (callback: () => void): void => void this.#later.push(callback);

  get putOff(): number {
    return this.#later.length;
  }

  /** @returns whether a callback was deferred */
  turn(): boolean {
    const callbacks = this.#later.splice(0);
    for (const callback of callbacks) callback();
    return callbacks.length > 0;
  }
}

function update(n: number, bytes = 10): Json {
  return { n, pad: 'x'.repeat(bytes) };
}

function numbers(sent: readonly Json[]): unknown[] {
  return sent.map((event) => (event as { readonly n: unknown }).n);
}

describe('the queue of a relay', () => {
  it('sends a replay, then updates in order', () => {
    const socket = new SlowSocket();
    const queue = new RelayQueue(socket, {
      defer: socket.defer,
      replay: () => [update(1), update(2)],
      maxBehindBytes: 10_000,
    });
    queue.push([update(3), update(4)]);
    queue.push([update(5)]);
    socket.takeAll();
    expect(numbers(socket.sent)).toEqual([1, 2, 3, 4, 5]);
  });

  it('gives the socket a little at a time, however much is queued', () => {
    const socket = new SlowSocket();
    const all = Array.from({ length: 200 }, (_, n) => update(n, 100_000));
    const queue = new RelayQueue(socket, { defer: socket.defer, replay: () => all, maxBehindBytes: 4_000_000 });
    queue.push([update(200)]);
    expect(socket.sent.length).toBeLessThan(10);
    socket.turn();
    while (socket.take());
    expect(socket.putOff).toBe(1); // once, not per accepted message
    socket.takeAll();
    expect(numbers(socket.sent)).toEqual(Array.from({ length: 201 }, (_, n) => n));
    expect(socket.mostHeld).toBeLessThan(400_000);
  });

  it('keeps its order for a relay that is always a little behind', () => {
    const socket = new SlowSocket();
    const queue = new RelayQueue(socket, { defer: socket.defer, replay: () => [], maxBehindBytes: 1_000_000 });
    for (let n = 0; n < 3_000; n++) {
      queue.push([update(n, 1_000)]);
      if (n >= 500) socket.take();
      socket.turn();
    }
    expect(queue.behindBytes).toBeGreaterThan(400_000); // more than the socket gets: some are queued
    socket.takeAll();
    expect(numbers(socket.sent)).toEqual(Array.from({ length: 3_000 }, (_, n) => n));
  });

  it('takes several turns of the event loop, however fast the network is', () => {
    let made = 0;
    function* replay(): Generator<Json> {
      for (; made < 100; made++) yield update(made, 10_000);
    }
    const later: (() => void)[] = [];
    const socket: RelaySocket = {
      bufferedAmount: 0,
      send: (_, done) => {
        done();
      },
    };
    new RelayQueue(socket, { replay, maxBehindBytes: 1_000_000, defer: (callback) => void later.push(callback) });
    let turns = 1;
    for (let callback = later.shift(); callback !== undefined; callback = later.shift()) {
      const before = made;
      callback();
      expect(made - before).toBeLessThan(10);
      turns++;
    }
    expect(made).toBe(100);
    expect(turns).toBeGreaterThan(10);
  });

  it('drops updates above the limit, and sends everything again when the relay has caught up', () => {
    const socket = new SlowSocket();
    let now = update(0);
    const queue = new RelayQueue(socket, { defer: socket.defer, replay: () => [now], maxBehindBytes: 1_000_000 });
    for (let n = 1; n <= 100; n++) {
      now = update(n, 100_000);
      queue.push([now]);
      expect(queue.behindBytes).toBeLessThan(1_200_000);
    }
    expect(queue.behindBytes).toBeGreaterThan(1_000_000);
    while (queue.behindBytes > 900_000) socket.take();
    now = update(101);
    queue.push([now]); // below the limit, but it would follow a gap
    now = update(102);
    socket.takeAll();
    const told = numbers(socket.sent);
    expect(told.slice(0, -1)).toEqual(Array.from({ length: told.length - 1 }, (_, n) => n));
    expect(told.length).toBeLessThan(15);
    expect(told.at(-1)).toBe(102); // from the replay
    expect(queue.behindBytes).toBe(0);
    queue.push([update(103)]);
    expect(numbers(socket.sent).at(-1)).toBe(103);
  });

  it('gives the socket nothing after it is closed', () => {
    const socket = new SlowSocket();
    const all = Array.from({ length: 100 }, (_, n) => update(n, 100_000));
    const queue = new RelayQueue(socket, { defer: socket.defer, replay: () => all, maxBehindBytes: 4_000_000 });
    queue.push([update(100)]);
    const sent = socket.sent.length;
    queue.close();
    queue.push([update(101)]);
    socket.takeAll();
    expect(socket.sent).toHaveLength(sent);
    expect(queue.behindBytes).toBe(0);
  });

  it('stops when the network reports an error', () => {
    const socket = new SlowSocket();
    const all = Array.from({ length: 100 }, (_, n) => update(n, 100_000));
    new RelayQueue(socket, { defer: socket.defer, replay: () => all, maxBehindBytes: 1_000 });
    while (socket.turn());
    const sent = socket.sent.length;
    while (socket.take(new Error('not open')) || socket.turn());
    expect(socket.sent).toHaveLength(sent);
  });
});
