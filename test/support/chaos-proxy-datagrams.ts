import { createSocket } from 'node:dgram';
import type { Dice, Faults, FaultCounts, ProxiedConnection, Weather } from './chaos-proxy.js';
import { BitFlips } from './chaos-proxy-flips.js';
import type { Random } from './mutate.mjs';

/** Maximum datagrams of one peer in transit per direction; further ones are lost. */
const MAX_WAITING = 10_000;
/** Resolution of probabilities: one in this number. */
const STEPS = 1_000_000;

/**
 * Traffic between one port of a peer and the router. It has its own socket to the router, so that the router sees one
 * port too.
 */
export class DatagramFlow implements ProxiedConnection {
  readonly number: number;
  faults: Faults | undefined;
  readonly #upstream = createSocket('udp4');
  readonly #toRouter: DatagramLine;
  readonly #toPeer: DatagramLine;
  readonly #counts: FaultCounts;
  readonly #onOver: () => void;
  #isOver = false;

  constructor(
    number: number,
    answer: (bytes: Uint8Array) => void,
    targetPort: number,
    weather: Weather,
    dice: Dice,
    onOver: () => void,
  ) {
    this.number = number;
    this.#counts = weather.counts;
    this.#onOver = onOver;
    const parts = { ...weather, faults: () => this.faults ?? weather.faults };
    const forward = (bytes: Uint8Array): void => {
      this.#upstream.send(bytes, targetPort, '127.0.0.1');
    };
    this.#toRouter = new DatagramLine(parts, dice.toRouter, forward);
    this.#toPeer = new DatagramLine(parts, dice.toPeer, answer);
    this.#upstream.on('error', () => undefined);
    this.#upstream.on('message', (datagram) => {
      this.#toPeer.push(datagram);
    });
  }

  fromPeer(datagram: Uint8Array): void {
    this.#toRouter.push(datagram);
  }

  stall(): void {
    this.#counts.stalls++;
    this.#toRouter.isStalled = this.#toPeer.isStalled = true;
  }

  resume(): void {
    this.#toRouter.isStalled = this.#toPeer.isStalled = false;
  }

  cut(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#counts.cuts++;
    this.#toRouter.stop();
    this.#toPeer.stop();
    this.#upstream.close();
    this.#onOver();
  }
}

interface DatagramLineParts {
  readonly faults: () => Faults;
  readonly counts: FaultCounts;
  readonly clock: Weather['clock'];
}

/** One direction. Faults are drawn per datagram. */
export class DatagramLine {
  isStalled = false;
  readonly #parts: DatagramLineParts;
  readonly #dice: Random;
  readonly #flips: BitFlips;
  readonly #deliver: (bytes: Uint8Array) => void;
  readonly #timers = new Set<unknown>();

  constructor(parts: DatagramLineParts, dice: Random, deliver: (bytes: Uint8Array) => void) {
    this.#parts = parts;
    this.#dice = dice;
    this.#flips = new BitFlips(dice, parts.counts);
    this.#deliver = deliver;
  }

  push(datagram: Uint8Array): void {
    const { faults, counts } = this.#parts;
    const { latencyMs, jitterMs, lossRatio, duplicateRatio, bytesPerFlip } = faults();
    // Each datagram uses the same number of draws, whatever their results.
    const [isLost, isDoubled] = [this.#happens(lossRatio), this.#happens(duplicateRatio)];
    const delays = [0, 1].map(() => latencyMs + this.#dice.below(jitterMs + 1));
    const bytes = this.#flips.apply(datagram, bytesPerFlip);
    if (isLost || this.isStalled || this.#timers.size >= MAX_WAITING) {
      counts.lost++;
      return;
    }
    this.#send(bytes, delays[0]!);
    if (isDoubled) {
      counts.duplicates++;
      this.#send(bytes, delays[1]!);
    }
  }

  /** Drops datagrams in transit. */
  stop(): void {
    for (const timer of this.#timers) this.#parts.clock.clearTimeout(timer);
    this.#timers.clear();
    this.isStalled = true;
  }

  #happens(ratio: number): boolean {
    return this.#dice.below(STEPS) < ratio * STEPS;
  }

  #send(bytes: Uint8Array, delayMs: number): void {
    if (delayMs === 0) {
      this.#deliver(bytes);
      return;
    }
    const { clock } = this.#parts;
    const timer: unknown = clock.setTimeout(() => {
      this.#timers.delete(timer);
      this.#deliver(bytes);
    }, delayMs);
    this.#timers.add(timer);
  }
}
