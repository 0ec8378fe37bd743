import { DecodeError } from './errors.js';
import { frameLength } from './frame.js';
import { FrameRun, singly } from './frame-run.js';
import { HEADER_BYTES, TIMESTAMP_FLAG, TIMESTAMPED_HEADER_BYTES } from './header.js';
import { MAX_FRAME_BYTES } from './limits.js';

/**
 * Splits a byte stream into frames by the frames' own headers, however the network split or merged it (wire.md 1).
 * Buffers at most one incomplete frame, 65,547 bytes, and copies each of its bytes once.
 */
export class Deframer {
  /** First bytes of an incomplete frame, with spare capacity after them. */
  #held: Uint8Array = new Uint8Array(0);
  #heldLength = 0;
  #fault: DecodeError | undefined;

  /** Bytes of the incomplete frame at the end of the input. */
  get pendingBytes(): number {
    return this.#heldLength;
  }

  /**
   * The fault that desynchronized the stream, if any. Frames before it were delivered. No more frames follow: close the
   * stream.
   */
  get fault(): DecodeError | undefined {
    return this.#fault;
  }

  /**
   * Accepts the next chunk of the stream and returns the frames that it completes. Each is a view into `chunk` or a
   * copy.
   *
   * @throws DecodeError BadMagic if the stream is unreadable. If whole frames precede the fault, they are returned
   * first, {@link fault} is set, and the next call throws
   */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    return singly<Uint8Array>(this.pushRuns(chunk));
  }

  /**
   * Like {@link push}, but returns adjacent frames as one run.
   *
   * @throws DecodeError as {@link push} does
   */
  pushRuns(chunk: Uint8Array): readonly (Uint8Array | FrameRun)[] {
    if (this.#fault !== undefined) throw this.#fault;
    const frames: (Uint8Array | FrameRun)[] = [];
    try {
      this.#cut(chunk, frames);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#fault = error;
      this.#heldLength = 0;
      if (frames.length === 0) throw error;
    }
    return frames;
  }

  #cut(chunk: Uint8Array, frames: (Uint8Array | FrameRun)[]): void {
    let at = this.#complete(chunk, frames);
    let runStart = at;
    let count = 0;
    const endRun = (): void => {
      if (count === 1) frames.push(chunk.subarray(runStart, at));
      else if (count > 1) frames.push(new FrameRun(chunk.subarray(runStart, at), count));
      count = 0;
    };
    try {
      for (;;) {
        const length = frameLength(chunk, at, chunk.length);
        if (length === undefined || length > chunk.length - at) break;
        if ((chunk[at + 1]! & TIMESTAMP_FLAG) === 0) {
          if (count++ === 0) runStart = at;
        } else {
          endRun();
          frames.push(chunk.subarray(at, at + length));
        }
        at += length;
      }
    } finally {
      endRun(); // includes runs before a fault
    }
    // Copied, so that one buffered byte does not keep a whole network buffer alive.
    if (at < chunk.length) this.#hold(chunk, at, chunk.length);
  }

  /** Appends the missing bytes to the buffered frame. @returns the number of bytes used */
  #complete(chunk: Uint8Array, frames: (Uint8Array | FrameRun)[]): number {
    let at = 0;
    while (this.#heldLength > 0 && at < chunk.length) {
      const length = this.#heldFrameLength();
      // While the header is incomplete, only the header is requested: it contains the frame's length.
      const wanted = length ?? (this.#heldLength < HEADER_BYTES ? HEADER_BYTES : TIMESTAMPED_HEADER_BYTES);
      const end = Math.min(chunk.length, at + wanted - this.#heldLength);
      this.#hold(chunk, at, end);
      at = end;
      if (this.#heldFrameLength() === this.#heldLength) {
        frames.push(this.#held.slice(0, this.#heldLength));
        this.#heldLength = 0;
      }
    }
    return at;
  }

  #heldFrameLength(): number | undefined {
    return frameLength(this.#held, 0, this.#heldLength);
  }

  #hold(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#heldLength + end - start;
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.min(MAX_FRAME_BYTES, Math.max(2 * length, 256)));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(chunk.subarray(start, end), this.#heldLength);
    this.#heldLength = length;
  }
}
