import type { Socket } from 'node:net';

/**
 * Bytes that are read from one peer before other peers are read: two reads. By itself, libuv reads a busy socket up to
 * 32 times, two mebibytes, before it reads another. With one publisher at full speed, the PING of another client then
 * waited 40 ms or more.
 */
const BYTES_PER_TURN = 131_072;
/** Minimum cost of a frame in bytes: decoding a small frame takes as long as decoding a large one. */
const BYTES_OF_FRAME = 42;

/** Read quota of one peer per turn of the event loop. */
export class ReadQuota {
  readonly #socket: Socket;
  #bytes = 0;
  #isHeld = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Records bytes and frames that were just read and decoded. */
  spend(bytes: number, frames: number): void {
    this.#bytes += Math.max(bytes, frames * BYTES_OF_FRAME);
    if (this.#bytes < BYTES_PER_TURN) return;
    this.#bytes = 0;
    this.#socket.pause();
    setImmediate(() => {
      if (!this.#isHeld) this.#socket.resume();
    });
  }

  /** Pauses reading until {@link release}. */
  hold(): void {
    this.#isHeld = true;
    this.#socket.pause();
  }

  release(): void {
    this.#isHeld = false;
    this.#socket.resume();
  }
}
