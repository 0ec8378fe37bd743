import type { Socket } from 'node:net';

/**
 * Bytes read of one peer before the others have their turn: two reads. Left alone, libuv reads a busy socket up to 32 times, two
 * mebibytes, before it looks at another: with one publisher at full speed a PING of somebody else waited 40 ms and more.
 */
const BYTES_PER_TURN = 131_072;
/** What a frame counts at least: decoding takes as long for few bytes as for many. */
const BYTES_OF_FRAME = 42;

/** One peer's share of each turn of the event loop. */
export class ReadQuota {
  readonly #socket: Socket;
  #bytes = 0;
  #isHeld = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** So much has just been read, and decoded. */
  spend(bytes: number, frames: number): void {
    this.#bytes += Math.max(bytes, frames * BYTES_OF_FRAME);
    if (this.#bytes < BYTES_PER_TURN) return;
    this.#bytes = 0;
    this.#socket.pause();
    setImmediate(() => {
      if (!this.#isHeld) this.#socket.resume();
    });
  }

  /** Nothing more is to be read until {@link release}. */
  hold(): void {
    this.#isHeld = true;
    this.#socket.pause();
  }

  release(): void {
    this.#isHeld = false;
    this.#socket.resume();
  }
}
