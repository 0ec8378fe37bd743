import { DecodeError } from './errors.js';
import { LENGTH_BYTES } from './framing.js';
import { FrameRun, singly } from './frame-run.js';
import { HEADER_BYTES, isPlainFrame } from './header.js';
import { MAX_FRAME_BYTES } from './limits.js';

// a frame on a `length` link (wire.md 1)
//   count u32 · frame; the count includes the frame's header

/**
 * Splits a byte stream into frames by their length prefixes, however the network split or merged it. The content of a
 * frame is not examined. Buffers at most one incomplete frame, in at most twice its received bytes.
 */
export class LengthDeframer {
  readonly #maxFrameBytes: number;
  /** Prefix and first bytes of an incomplete frame, with spare capacity after them. */
  #held: Uint8Array = NOTHING;
  #heldLength = 0;
  #fault: DecodeError | undefined;

  /** @param maxFrameBytes the largest accepted length */
  constructor(maxFrameBytes: number = MAX_FRAME_BYTES) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Bytes of the incomplete frame at the end of the input, including its prefix. */
  get pendingBytes(): number {
    return this.#heldLength;
  }

  /** The invalid length that made the stream unreadable, if any. No more frames follow: close the stream. */
  get fault(): DecodeError | undefined {
    return this.#fault;
  }

  /**
   * Accepts the next chunk of the stream and returns the frames that it completes. Each is a view into `chunk` or a
   * copy. Never throws: check {@link fault} after each call. Frames before a fault are returned; bytes after it are
   * dropped.
   */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    return singly<Uint8Array>(this.pushRuns(chunk));
  }

  /** Like {@link push}, but returns consecutive frames as one run, the prefixes between them included. */
  pushRuns(chunk: Uint8Array): readonly (Uint8Array | FrameRun)[] {
    const frames: (Uint8Array | FrameRun)[] = [];
    if (this.#fault !== undefined) return frames;
    let at = this.#heldLength > 0 ? this.#complete(chunk, frames) : 0;
    let runStart = 0;
    let runCount = 0;
    const endRun = (): void => {
      if (runCount > 0) frames.push(new FrameRun(chunk.subarray(runStart, at), runCount, LENGTH_BYTES));
      runCount = 0;
    };
    while (chunk.length - at >= LENGTH_BYTES) {
      const count = this.#readCount(chunk, at);
      if (count === undefined) {
        endRun();
        return frames;
      }
      const start = at + LENGTH_BYTES;
      const end = start + count;
      if (end > chunk.length) break;
      if (isPlainFrame(chunk, start, end)) {
        if (runCount++ === 0) runStart = start;
      } else {
        endRun();
        frames.push(chunk.subarray(start, end));
      }
      at = end;
    }
    endRun();
    // Copied, so that one buffered byte does not keep a whole network buffer alive.
    if (at < chunk.length) this.#hold(chunk, at, chunk.length);
    return frames;
  }

  /**
   * Appends the missing bytes to the buffered frame. @returns the number of bytes used; all of them if the length is
   * invalid
   */
  #complete(chunk: Uint8Array, frames: (Uint8Array | FrameRun)[]): number {
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
      frames.push(this.#held.subarray(LENGTH_BYTES, length)); // the caller owns this buffer now
      this.#release();
    }
    return end;
  }

  /** Returns the length at `at`. If no frame can have that length, sets the fault and returns undefined. */
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
      // The declared length reserves no memory: it costs the peer only four bytes.
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
