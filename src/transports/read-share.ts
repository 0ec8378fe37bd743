import type { Socket } from 'node:net';

/**
 * Bytes read of one peer before the others have their turn: two reads. Left alone, libuv reads a busy socket up to 32 times, two
 * mebibytes, before it looks at another: with one publisher at full speed a PING of somebody else waited 40 ms and more.
 */
const BYTES_PER_TURN = 131_072;

/** One peer's share of each turn of the event loop. */
export class ReadShare {
  readonly #socket: Socket;
  #bytes = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** So much has just been read, and handled. */
  spend(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < BYTES_PER_TURN) return;
    this.#bytes = 0;
    this.#socket.pause();
    setImmediate(() => this.#socket.resume());
  }
}
