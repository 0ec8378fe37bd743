import { DATAGRAMS_PER_TURN, MAX_WAITING_DATAGRAMS } from './constants.js';

/** Destination of datagrams: a session of the router or the link of a client. */
export interface DatagramSink {
  /** Never throws. A datagram that cannot be sent is lost. */
  sendDatagram(bytes: Uint8Array): void;
}

/**
 * Queue between the datagrams of a port or client and the library. Datagrams are sent after the stream writes of the
 * same turn, a few per turn of the event loop. A datagram costs the library 9 µs, about a hundred times as much as a
 * frame on a stream, and the library loses datagrams beyond 256 in one turn. If the queue is full, the caller writes to
 * its stream instead.
 */
export class DatagramQueue {
  #waiting: { readonly sink: DatagramSink; readonly bytes: Uint8Array }[] = [];
  #left = DATAGRAMS_PER_TURN;
  #isPlanned = false;
  #turnPlanned = false;

  get isFull(): boolean {
    return this.#waiting.length >= MAX_WAITING_DATAGRAMS;
  }

  push(sink: DatagramSink, bytes: Uint8Array): void {
    this.#waiting.push({ sink, bytes });
    if (this.#isPlanned || this.#left === 0) return;
    this.#isPlanned = true;
    queueMicrotask(this.#send);
  }

  readonly #send = (): void => {
    this.#isPlanned = false;
    const going = this.#waiting.splice(0, this.#left);
    if (going.length === 0) return;
    this.#left -= going.length;
    if (!this.#turnPlanned) {
      this.#turnPlanned = true;
      setImmediate(this.#nextTurn);
    }
    for (const { sink, bytes } of going) sink.sendDatagram(bytes);
  };

  readonly #nextTurn = (): void => {
    this.#turnPlanned = false;
    this.#left = DATAGRAMS_PER_TURN;
    this.#send();
  };
}
