import { type Clock, setBackgroundTimer } from '../../util/clock.js';
import { ASK_AGAIN_MS, MAX_QUESTIONS } from '../../transports/quic/constants.js';
import { DatagramQueue } from '../../transports/quic/datagram-queue.js';
import { DatagramReader, DatagramStamp, largestFrame, pingFrame } from '../../transports/quic/datagrams.js';
import type { QuicLinkDatagrams } from '../../transports/quic/provider.js';

/** The datagrams of one connection to a router. None are sent before the router has answered a PING in a datagram. */
export class ClientDatagrams {
  readonly #sink: QuicLinkDatagrams;
  readonly #clock: Clock;
  readonly #received: (frames: readonly Uint8Array[]) => void;
  readonly #queue = new DatagramQueue();
  readonly #reader = new DatagramReader();
  readonly #stamp: DatagramStamp;
  #isAgreed = false;
  #isOver = false;
  #questions = 0;
  #largestFrame = largestFrame();
  #timer: unknown;

  constructor(sink: QuicLinkDatagrams, clock: Clock, received: (frames: readonly Uint8Array[]) => void) {
    this.#sink = sink;
    this.#clock = clock;
    this.#received = received;
    this.#stamp = new DatagramStamp(clock);
    sink.onDatagram(this.#onDatagram);
  }

  /** Whether the router supports datagrams too. */
  get isAgreed(): boolean {
    return this.#isAgreed;
  }

  /**
   * Requests datagrams from the router, repeatedly, because a request can be lost. A router without datagrams never
   * answers.
   */
  ask(): void {
    if (this.#questions === 0) this.#ask();
  }

  /** @returns false if the frame must be sent on the stream */
  send(frame: Uint8Array): boolean {
    if (!this.#isAgreed || frame.length > this.#largestFrame || this.#queue.isFull) return false;
    this.#queue.push(this.#sink, this.#stamp.on(frame));
    return true;
  }

  stop(): void {
    this.#isOver = true;
    this.#clock.clearTimeout(this.#timer);
  }

  readonly #ask = (): void => {
    if (this.#isAgreed || this.#isOver || this.#questions >= MAX_QUESTIONS) return;
    this.#questions++;
    this.#queue.push(this.#sink, this.#stamp.on(pingFrame));
    this.#timer = setBackgroundTimer(this.#clock, this.#ask, ASK_AGAIN_MS);
  };

  readonly #onDatagram = (datagram: Uint8Array): void => {
    const kind = this.#reader.read(datagram);
    if (kind === 'pong') {
      this.#isAgreed = true;
      this.#largestFrame = largestFrame(this.#sink.maxPacketBytes);
      this.#clock.clearTimeout(this.#timer);
    } else if (kind === 'frame' && this.#isAgreed) {
      this.#received([datagram]);
    }
  };
}
