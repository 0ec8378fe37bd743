import { DATAGRAMS_PER_TURN, MAX_WAITING_DATAGRAMS } from './constants.js';

/** Where datagrams go: a session of the router's, or the client's link. */
export interface DatagramSink {
  /** Never throws; what cannot be sent is lost. */
  sendDatagram(bytes: Uint8Array): void;
}

/**
 * The datagrams of a port, or of a client, on their way to the library. They leave behind what was written to streams in the
 * same turn, a few in each turn of the event loop: each costs the library 9 µs, some hundred times what a frame on a stream costs,
 * and what is handed to it in one go beyond 256 it loses. Whoever finds the queue full writes to his stream instead.
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
