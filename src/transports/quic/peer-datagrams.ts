import type { Clock } from '../../util/clock.js';
import type { Datagrams } from '../transport.js';
import { MAX_DATAGRAMS_READ_PER_TURN } from './constants.js';
import type { DatagramQueue } from './datagram-queue.js';
import { DatagramReader, DatagramStamp, largestFrame, pongFrame } from './datagrams.js';
import type { QuicSession } from './provider.js';

export interface PeerDatagramsOptions {
  readonly session: QuicSession;
  /** Of the port. */
  readonly queue: DatagramQueue;
  readonly clock: Clock;
  /** Takes what came in one turn of the event loop, in order; nothing is a sign of life. */
  readonly received: (frames: readonly Uint8Array[]) => void;
}

/**
 * The datagrams of one peer of the router. Nothing is sent by them before the peer has said PING by one, and nothing is taken: a
 * client whose QUIC has datagrams and who does not read them loses nothing.
 */
export class PeerDatagrams implements Datagrams {
  readonly #options: PeerDatagramsOptions;
  readonly #reader = new DatagramReader();
  readonly #stamp: DatagramStamp;
  #isAgreed = false;
  #largestFrame = largestFrame();
  #frames: Uint8Array[] = [];
  #flushPlanned = false;
  /** How many may still be read in this turn. Who sends more in one go loses them; nothing is kept for him. */
  #readable = MAX_DATAGRAMS_READ_PER_TURN;
  #turnPlanned = false;

  constructor(options: PeerDatagramsOptions) {
    this.#options = options;
    this.#stamp = new DatagramStamp(options.clock);
  }

  /** Whether both sides have and want them. */
  get isAgreed(): boolean {
    return this.#isAgreed;
  }

  get maxBytes(): number {
    return this.#options.queue.isFull ? 0 : this.#largestFrame;
  }

  send(frame: Uint8Array): void {
    this.#options.queue.push(this.#options.session, this.#stamp.on(frame));
  }

  /** The network may have become another one. @param maxPacketBytes of a UDP datagram on the way to the peer, where it is known */
  measured(maxPacketBytes: number | undefined): void {
    this.#largestFrame = largestFrame(maxPacketBytes);
  }

  /** A datagram of the peer. */
  receive(datagram: Uint8Array): void {
    if (this.#readable === 0) return;
    this.#readable--;
    this.#planTurn();
    const kind = this.#reader.read(datagram);
    if (kind === 'ping') {
      this.#agree();
    } else if (kind === 'frame' && this.#isAgreed) {
      this.#frames.push(datagram);
      this.#planFlush();
    }
  }

  /** Answered each time: the answer may have been lost. */
  #agree(): void {
    if (!this.#isAgreed) this.measured(this.#options.session.traffic()?.maxPacketBytes);
    this.#isAgreed = true;
    if (!this.#options.queue.isFull) this.send(pongFrame);
    this.#planFlush();
  }

  /** The library calls for each of those that came in one go; they are one batch. */
  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    queueMicrotask(() => {
      this.#flushPlanned = false;
      const frames = this.#frames;
      this.#frames = [];
      this.#options.received(frames);
    });
  }

  #planTurn(): void {
    if (this.#turnPlanned) return;
    this.#turnPlanned = true;
    setImmediate(() => {
      this.#turnPlanned = false;
      this.#readable = MAX_DATAGRAMS_READ_PER_TURN;
    });
  }
}
