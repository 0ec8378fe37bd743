import { DecodeError } from './errors.js';
import { LENGTH_BYTES } from './framing.js';
import { HEADER_BYTES, MAX_FRAME_BYTES } from './limits.js';

// a frame on a `length` link (wire.md 1)
//   count u32 · frame; the count is the frame's, its header included

/**
 * Cuts a byte stream into frames by the counts between them, wherever the network split or merged it. What is inside a
 * frame is not looked at. Holds at most one incomplete frame, in no more than twice the bytes that have arrived of it.
 */
export class LengthDeframer {
  readonly #maxFrameBytes: number;
  /** Count and beginning of a frame whose end is still to come; room for more behind it. */
  #held: Uint8Array = NOTHING;
  #heldLength = 0;
  #fault: DecodeError | undefined;

  /** @param maxFrameBytes the largest count that is taken */
  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes of the incomplete frame at the end of what was pushed, its count among them. */
  get pendingBytes(): number {
    return this.#heldLength;
  }

  /** What made the stream unreadable, a count that no frame has; nothing more can come: close the stream. */
  get fault(): DecodeError | undefined {
    return this.#fault;
  }

  /**
   * Takes the next piece of the stream and gives the frames it completes, each a view into `chunk` or a copy. Never
   * throws: look at {@link fault} afterwards. Frames ahead of a fault are given, what is behind it is dropped.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = [];
    if (this.#fault !== undefined) return frames;
    let at = this.#heldLength > 0 ? this.#complete(chunk, frames) : 0;
    while (chunk.length - at >= LENGTH_BYTES) {
      const count = this.#readCount(chunk, at);
      if (count === undefined) return frames;
      const end = at + LENGTH_BYTES + count;
      if (end > chunk.length) break;
      frames.push(chunk.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    // A copy, so that one waiting byte does not keep a whole network buffer alive.
    if (at < chunk.length) this.#hold(chunk, at, chunk.length);
    return frames;
  }

  /** Gives the held frame what it lacks. @returns how much of the chunk that took; all of it where the count is a fault */
  #complete(chunk: Uint8Array, frames: Uint8Array[]): number {
    let at = 0;
    if (this.#heldLength < LENGTH_BYTES) {
      at = Math.min(chunk.length, LENGTH_BYTES - this.#heldLength);
      this.#hold(chunk, 0, at);
      if (this.#heldLength < LENGTH_BYTES) return at;
    }
    const count = this.#readCount(this.#held, 0);
    if (count === undefined) return chunk.length;
    const length = LENGTH_BYTES + count;
    const end = Math.min(chunk.length, at + length - this.#heldLength);
    this.#hold(chunk, at, end);
    if (this.#heldLength === length) {
      frames.push(this.#held.subarray(LENGTH_BYTES, length)); // given away: the next one is held elsewhere
      this.#release();
    }
    return end;
  }

  /** The count that stands here; undefined, with the fault set, where no frame has so many bytes. */
  #readCount(bytes: Uint8Array, at: number): number | undefined {
    const count = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    if (count >= HEADER_BYTES && count <= this.#maxFrameBytes) return count;
    this.#fault =
      count < HEADER_BYTES
        ? new DecodeError('TruncatedHeader', `the count is ${count} bytes; a frame has at least ${HEADER_BYTES}`)
        : new DecodeError('FrameTooLarge', `the count is ${count} bytes; the limit is ${this.#maxFrameBytes}`);
    this.#release();
    return undefined;
  }

  #hold(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#heldLength + end - start;
    if (length > this.#held.length) {
      // The count is no reason to reserve anything: it costs the peer four bytes.
      const larger = new Uint8Array(Math.max(2 * length, 64));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(chunk.subarray(start, end), this.#heldLength);
    this.#heldLength = length;
  }

  #release(): void {
    this.#held = NOTHING;
    this.#heldLength = 0;
  }
}

const NOTHING = new Uint8Array(0);
