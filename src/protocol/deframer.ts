import { frameLength } from './frame.js';
import { MAX_FRAME_BYTES } from './limits.js';

/**
 * Cuts a byte stream into frames by each frame's own header, wherever the network split or merged it (wire.md 1).
 * Holds at most one incomplete frame, 65,547 bytes.
 */
export class Deframer {
  #pending: Uint8Array = new Uint8Array(0);

  /** Bytes of the incomplete frame at the end of what was pushed. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /**
   * Takes the next piece of the stream and gives the frames it completes, each a view into `chunk` or a joined copy.
   *
   * @throws DecodeError BadMagic: a stream that is out of step cannot be mended, so close it
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const bytes = this.#pending.length === 0 ? chunk : joined(this.#pending, chunk);
    const frames: Uint8Array[] = [];
    let at = 0;
    for (;;) {
      const length = frameLength(bytes, at, bytes.length);
      if (length === undefined || length > bytes.length - at) break;
      frames.push(bytes.subarray(at, at + length));
      at += length;
    }
    // A copy, so that one waiting byte does not keep a whole network buffer alive.
    this.#pending = bytes.slice(at);
    return frames;
  }
}

/** The most a deframer ever holds. */
export const MAX_PENDING_BYTES = MAX_FRAME_BYTES;

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
