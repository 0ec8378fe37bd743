import { MAX_UNREAD_BYTES, MAX_UNREAD_BYTES_IN_ALL, READ_BYTES_PER_TURN } from './constants.js';

/** Memory overhead per chunk in bytes. Without it, a peer that sends single bytes could occupy a gigabyte. */
const CHUNK_BYTES = 256;

/** Returns the cost of a chunk. */
export function costOf(chunk: Uint8Array): number {
  return chunk.length + CHUNK_BYTES;
}

/** Undelivered bytes of all peers of a port. */
export interface UnreadInAll {
  bytes: number;
}

/**
 * Received bytes of a peer that are not delivered yet. The library reads from the network without limit and cannot be
 * paused, so this class measures and bounds a flood.
 */
export class Unread {
  readonly #inAll: UnreadInAll;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(inAll: UnreadInAll) {
    this.#inAll = inAll;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** @returns false if the limit is exceeded; the chunk is stored anyway */
  push(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    this.#count(costOf(chunk));
    // A peer with at most one turn's worth of bytes is not responsible for the sum.
    const isFlood = this.#inAll.bytes > MAX_UNREAD_BYTES_IN_ALL && this.#bytes > READ_BYTES_PER_TURN;
    return this.#bytes <= MAX_UNREAD_BYTES && !isFlood;
  }

  shift(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) this.#count(-costOf(chunk));
    return chunk;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#count(-this.#bytes);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#inAll.bytes += bytes;
  }
}
