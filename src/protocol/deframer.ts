import { DecodeError } from './errors.js';
import { frameLength } from './frame.js';
import { FrameRun, singly } from './frame-run.js';
import { HEADER_BYTES, MAX_FRAME_BYTES, TIMESTAMPED_HEADER_BYTES } from './limits.js';

/** The flag of a frame whose header is longer than usual. */
const TIMESTAMP = 0x20;

/**
 * Cuts a byte stream into frames by each frame's own header, wherever the network split or merged it (wire.md 1).
 * Holds at most one incomplete frame, 65,547 bytes, and copies each byte of it once.
 */
export class Deframer {
  /** The beginning of a frame whose end is still to come; room for more behind it. */
  #held: Uint8Array = new Uint8Array(0);
  #heldLength = 0;
  #fault: DecodeError | undefined;

  /** Bytes of the incomplete frame at the end of what was pushed. */
  get pendingBytes(): number {
    return this.#heldLength;
  }

  /** What put the stream out of step; frames ahead of it were still given. Nothing more can come: close the stream. */
  get fault(): DecodeError | undefined {
    return this.#fault;
  }

  /**
   * Takes the next piece of the stream and gives the frames it completes, each a view into `chunk` or a copy.
   *
   * @throws DecodeError BadMagic when nothing can be read any more. Where whole frames came ahead of the fault they are given
   * first, {@link fault} is set, and the next call throws
   */
  push(chunk: Uint8Array): readonly Uint8Array[] {
    return singly<Uint8Array>(this.pushRuns(chunk));
  }

  /** The same, with frames that lie back to back as one. @throws DecodeError as {@link push} does */
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
        if ((chunk[at + 1]! & TIMESTAMP) === 0) {
          if (count++ === 0) runStart = at;
        } else {
          endRun();
          frames.push(chunk.subarray(at, at + length));
        }
        at += length;
      }
    } finally {
      endRun(); // those ahead of a fault too
    }
    // A copy, so that one waiting byte does not keep a whole network buffer alive.
    if (at < chunk.length) this.#hold(chunk, at, chunk.length);
  }

  /** Gives the held frame what it lacks. @returns how much of the chunk that took */
  #complete(chunk: Uint8Array, frames: (Uint8Array | FrameRun)[]): number {
    let at = 0;
    while (this.#heldLength > 0 && at < chunk.length) {
      const length = this.#heldFrameLength();
      // While the header is incomplete only that is wanted: it says how much belongs to this frame.
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
