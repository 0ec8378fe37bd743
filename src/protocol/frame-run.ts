import { HEADER_BYTES } from './header.js';

/**
 * One or more frames of a link in order, each complete, with headers of `HEADER_BYTES` bytes. A busy connection receives hundreds of frames
 * per read. A view per frame would cost as much as reading its content.
 */
export class FrameRun {
  readonly bytes: Uint8Array;
  /** Number of frames. */
  readonly count: number;
  /** Bytes between two frames, such as a length prefix. */
  readonly #gap: number;

  /**
   * @param bytes from the first byte of the first frame to the last byte of the last frame
   * @param gap bytes between two frames
   */
  constructor(bytes: Uint8Array, count: number, gap = 0) {
    this.bytes = bytes;
    this.count = count;
    this.#gap = gap;
  }

  /** Bytes of all frames. */
  get byteLength(): number {
    return this.bytes.length - this.#gap * (this.count - 1);
  }

  /** Returns the start of the frame after the one that ends at `end`. */
  startAfter(end: number): number {
    return end + this.#gap;
  }

  /** Returns the end of the frame that starts at `start`. */
  endOf(start: number): number {
    return start + HEADER_BYTES + ((this.bytes[start + 2]! << 8) | this.bytes[start + 3]!);
  }

  /** Returns the last frame as a view. */
  last(): Uint8Array {
    let start = 0;
    for (let end = this.endOf(0); end < this.bytes.length; end = this.endOf(start)) start = this.startAfter(end);
    return this.bytes.subarray(start);
  }

  /** Returns the first frames, each as a view. */
  take(count: number): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let start = 0; start < this.bytes.length && frames.length < count;) {
      const end = this.endOf(start);
      frames.push(this.bytes.subarray(start, end));
      start = this.startAfter(end);
    }
    return frames;
  }
}

/** Replaces each run of a batch by its single frames, for callers that can afford a view per frame. */
export function singly<F>(batch: readonly (F | FrameRun)[]): readonly (F | Uint8Array)[] {
  return batch.some((item) => item instanceof FrameRun)
    ? batch.flatMap((item): (F | Uint8Array)[] => (item instanceof FrameRun ? item.take(item.count) : [item]))
    : (batch as readonly F[]); // invariant: the batch contains no run
}
