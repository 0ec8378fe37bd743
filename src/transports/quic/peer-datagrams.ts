import type { Clock } from '../../util/clock.js';
import type { Datagrams } from '../transport.js';
import { MAX_DATAGRAMS_READ_PER_TURN } from './constants.js';
import type { DatagramQueue } from './datagram-queue.js';
import { DatagramReader, DatagramStamp, largestFrame, pongFrame } from './datagrams.js';
import type { QuicSession } from './provider.js';

export interface PeerDatagramsOptions {
  readonly session: QuicSession;
  /** Queue of the port. */
  readonly queue: DatagramQueue;
  readonly clock: Clock;
  /** Receives the frames of one turn of the event loop, in order. An empty array is a sign of life. */
  readonly received: (frames: readonly Uint8Array[]) => void;
}

/**
 * The datagrams of one peer of the router. None are sent or accepted before the peer has sent PING in a datagram. A
 * client whose QUIC supports datagrams but that does not read them therefore loses nothing.
 */
export class PeerDatagrams implements Datagrams {
  readonly #options: PeerDatagramsOptions;
  readonly #reader = new DatagramReader();
  readonly #stamp: DatagramStamp;
  #isAgreed = false;
  #largestFrame = largestFrame();
  #frames: Uint8Array[] = [];
  #flushPlanned = false;
  /** Datagrams that can still be read in this turn. Excess datagrams of a peer are lost; none are stored. */
  #readable = MAX_DATAGRAMS_READ_PER_TURN;
  #turnPlanned = false;

  constructor(options: PeerDatagramsOptions) {
    this.#options = options;
    this.#stamp = new DatagramStamp(options.clock);
  }

  /** Whether both sides support and want datagrams. */
  get isAgreed(): boolean {
    return this.#isAgreed;
  }

  get maxBytes(): number {
    return this.#options.queue.isFull ? 0 : this.#largestFrame;
  }

  send(frame: Uint8Array): void {
    this.#options.queue.push(this.#options.session, this.#stamp.on(frame));
  }

  /**
   * Updates the packet size, because the network path can change. @param maxPacketBytes maximum UDP datagram on the
   * path, if known
   */
  measured(maxPacketBytes: number | undefined): void {
    this.#largestFrame = largestFrame(maxPacketBytes);
  }

  /** Handles a datagram of the peer. */
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

  /** Answers every request, because an answer can be lost. */
  #agree(): void {
    if (!this.#isAgreed) this.measured(this.#options.session.traffic()?.maxPacketBytes);
    this.#isAgreed = true;
    if (!this.#options.queue.isFull) this.send(pongFrame);
    this.#planFlush();
  }

  /** The library calls for each of the datagrams that arrived together. They form one batch. */
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
