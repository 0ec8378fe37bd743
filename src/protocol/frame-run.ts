import { HEADER_BYTES } from './limits.js';

/**
 * Frames that lie back to back, each known to be whole, with a header of `HEADER_BYTES` bytes. A busy connection brings hundreds
 * of frames in one read; a view for each of them would cost as much as reading what is in them.
 */
export class FrameRun {
  readonly bytes: Uint8Array;
  /** How many frames there are. */
  readonly count: number;

  /** @param bytes from the first byte of the first frame to the last byte of the last */
  constructor(bytes: Uint8Array, count: number) {
    this.bytes = bytes;
    this.count = count;
  }

  /** Where the frame ends that begins at `start`. */
  endOf(start: number): number {
    return start + HEADER_BYTES + ((this.bytes[start + 2]! << 8) | this.bytes[start + 3]!);
  }

  /** The last frame, as a view. */
  last(): Uint8Array {
    let start = 0;
    for (let end = this.endOf(0); end < this.bytes.length; end = this.endOf(end)) start = end;
    return this.bytes.subarray(start);
  }

  /** The first frames, each as a view. */
  take(count: number): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let start = 0; start < this.bytes.length && frames.length < count;) {
      const end = this.endOf(start);
      frames.push(this.bytes.subarray(start, end));
      start = end;
    }
    return frames;
  }
}

/** What came in, with the frames of runs one by one: for those to whom a view for each is cheap enough. */
export function singly<F>(batch: readonly (F | FrameRun)[]): readonly (F | Uint8Array)[] {
  return batch.some((item) => item instanceof FrameRun)
    ? batch.flatMap((item): (F | Uint8Array)[] => (item instanceof FrameRun ? item.take(item.count) : [item]))
    : (batch as readonly F[]); // there is no run among them
}
