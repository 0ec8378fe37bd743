import { connect, type Socket } from 'node:net';
import type { Clock } from '../../src/util/clock.js';
import type { Dice, Faults, FaultCounts, ProxiedConnection, Weather } from './chaos-proxy.js';
import { BitFlips } from './chaos-proxy-flips.js';
import type { Random } from './mutate.mjs';

/** Maximum bytes of one direction in transit; above it the sender must wait, as in a network. */
const MAX_HELD_BYTES = 256 * 1_024;

/** A stream through the proxy: one socket per side, one line per direction. */
export class StreamPair implements ProxiedConnection {
  readonly number: number;
  faults: Faults | undefined;
  readonly #peer: Socket;
  readonly #router: Socket;
  readonly #lines: readonly ByteLine[];
  readonly #counts: FaultCounts;
  readonly #onOver: () => void;
  #isOver = false;

  constructor(number: number, peer: Socket, targetPort: number, weather: Weather, dice: Dice, onOver: () => void) {
    this.number = number;
    this.#peer = peer;
    this.#router = connect({ host: '127.0.0.1', port: targetPort, allowHalfOpen: true, noDelay: true });
    this.#counts = weather.counts;
    this.#onOver = onOver;
    const faults = (): Faults => this.faults ?? weather.faults;
    this.#lines = [
      lineBetween(peer, this.#router, { ...weather, faults, dice: dice.toRouter }),
      lineBetween(this.#router, peer, { ...weather, faults, dice: dice.toPeer }),
    ];
    for (const socket of [peer, this.#router]) {
      socket.on('error', () => undefined); // a `close` follows
      socket.on('close', (hadError: boolean) => {
        this.#end(hadError);
      });
    }
  }

  stall(): void {
    this.#counts.stalls++;
    for (const line of this.#lines) line.stall();
  }

  resume(): void {
    for (const line of this.#lines) line.resume();
  }

  cut(): void {
    if (this.#isOver) return;
    this.#counts.cuts++;
    this.#end(true);
  }

  /** After its end, a socket closes when both directions are complete; before that, the other side gets a reset. */
  #end(isBroken: boolean): void {
    if (this.#isOver) return;
    const isThrough = !isBroken && this.#lines.every((line) => line.isThrough);
    this.#isOver = true;
    for (const line of this.#lines) line.stop();
    for (const socket of [this.#peer, this.#router]) {
      if (isThrough) socket.destroy();
      else socket.resetAndDestroy();
    }
    this.#onOver();
  }
}

function lineBetween(from: Socket, to: Socket, parts: LineParts): ByteLine {
  const line = new ByteLine(parts, {
    pause: () => from.pause(),
    resume: () => from.resume(),
    write: (bytes) => to.write(bytes),
    end: () => to.end(),
  });
  from.on('data', (chunk) => {
    line.push(chunk);
  });
  from.on('end', () => {
    line.end();
  });
  to.on('drain', () => {
    line.drained();
  });
  return line;
}

export interface LineParts {
  readonly faults: () => Faults;
  readonly counts: FaultCounts;
  readonly dice: Random;
  readonly clock: Clock;
}

/** The two ends of a line: the sender to pause, and the receiver. */
export interface LineEnds {
  pause(): void;
  resume(): void;
  /** @returns false if no more may be written until {@link ByteLine.drained} */
  write(bytes: Uint8Array): boolean;
  end(): void;
}

/** One direction of a stream: delayed, in order, with flipped bits, and bounded. */
export class ByteLine {
  readonly #parts: LineParts;
  readonly #ends: LineEnds;
  readonly #flips: BitFlips;
  readonly #waiting: { readonly bytes: Uint8Array; readonly dueMs: number }[] = [];
  #heldBytes = 0;
  #lastDueMs = -Infinity;
  #timer: unknown;
  #isStalled = false;
  #isBlocked = false;
  #isPaused = false;
  #isEnding = false;
  #isOver = false;

  constructor(parts: LineParts, ends: LineEnds) {
    this.#parts = parts;
    this.#ends = ends;
    this.#flips = new BitFlips(parts.dice, parts.counts);
  }

  /** Whether all input was forwarded, including the end. */
  get isThrough(): boolean {
    return this.#isOver;
  }

  push(chunk: Uint8Array): void {
    if (this.#isOver) return;
    const { faults, dice, clock } = this.#parts;
    const { latencyMs, jitterMs, bytesPerFlip } = faults();
    const bytes = this.#flips.apply(chunk, bytesPerFlip);
    this.#lastDueMs = Math.max(this.#lastDueMs, clock.now() + latencyMs + dice.below(jitterMs + 1));
    this.#waiting.push({ bytes, dueMs: this.#lastDueMs });
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > MAX_HELD_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#ends.pause();
    }
    this.#flush();
  }

  end(): void {
    this.#isEnding = true;
    this.#flush();
  }

  drained(): void {
    this.#isBlocked = false;
    this.#flush();
  }

  stall(): void {
    this.#isStalled = true;
  }

  resume(): void {
    this.#isStalled = false;
    this.#flush();
  }

  /** Drops bytes in transit. */
  stop(): void {
    this.#isOver = true;
    this.#waiting.length = 0;
    this.#parts.clock.clearTimeout(this.#timer);
  }

  #flush(): void {
    const { clock } = this.#parts;
    clock.clearTimeout(this.#timer);
    if (this.#isOver) return;
    while (!this.#isStalled && !this.#isBlocked) {
      const [next] = this.#waiting;
      if (next === undefined) break;
      const leftMs = next.dueMs - clock.now();
      if (leftMs > 0) {
        this.#timer = clock.setTimeout(() => {
          this.#flush();
        }, Math.ceil(leftMs));
        return;
      }
      this.#waiting.shift();
      this.#heldBytes -= next.bytes.length;
      this.#isBlocked = !this.#ends.write(next.bytes);
    }
    if (this.#isPaused && this.#heldBytes <= MAX_HELD_BYTES / 2) {
      this.#isPaused = false;
      this.#ends.resume();
    }
    if (this.#isEnding && this.#waiting.length === 0 && !this.#isStalled) {
      this.#isOver = true;
      this.#ends.end();
    }
  }
}
