import { MAX_UNREAD_BYTES, MAX_UNREAD_BYTES_IN_ALL, READ_BYTES_PER_TURN } from './constants.js';

/** What a chunk of one byte takes up beyond that byte. Or a peer that sends single bytes could make us hold a gigabyte. */
const CHUNK_BYTES = 256;

/** What a chunk counts for. */
export function costOf(chunk: Uint8Array): number {
  return chunk.length + CHUNK_BYTES;
}

/** Bytes that wait at all peers of a port. */
export interface UnreadInAll {
  bytes: number;
}

/**
 * What a peer has sent and nobody has read yet. The library reads from the network without end and cannot be told to stop, so
 * this is where a flood is dammed up, and measured.
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

  /** @returns false when that is more than may wait; it is kept all the same */
  push(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    this.#count(costOf(chunk));
    // Whoever does not have more than one turn's worth is not to blame for the sum.
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
