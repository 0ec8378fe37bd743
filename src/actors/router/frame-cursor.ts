import { FrameRun } from '../../protocol/frame-run.js';
import { decodeInbound, type InboundFrame, type InboundItem } from '../../protocol/inbound.js';
import type { InboundBatch } from './router-actor-events.js';

/** Reads the frames of a batch, one after the other, without an object per frame of a run. */
export class FrameCursor {
  readonly #items: readonly InboundItem[];
  /** Index of the next item. */
  #index: number;
  /** The current frame, unless it is in a run. */
  frame: InboundFrame | undefined;
  /** The run of the current frame. */
  run: FrameRun | undefined;
  /** Bounds of the current frame in the bytes of its run. */
  start = 0;
  end = 0;

  constructor({ frames, next = 0, offset = 0 }: InboundBatch) {
    this.#items = frames;
    this.#index = next;
    if (offset === 0) return;
    const item = frames[this.#index++];
    if (item instanceof FrameRun) this.run = item; // only a run has an offset
    this.end = offset;
  }

  /** Moves to the next frame. @returns whether there was one */
  next(): boolean {
    const { run } = this;
    if (run !== undefined && this.end < run.bytes.length) {
      this.start = run.startAfter(this.end);
      this.end = run.endOf(this.start);
      return true;
    }
    const item = this.#items[this.#index];
    if (item === undefined) return false;
    this.#index++;
    if (item instanceof FrameRun) {
      this.run = item;
      this.start = 0;
      this.end = item.endOf(0);
    } else {
      this.run = undefined;
      this.frame = item;
    }
    return true;
  }

  /** Index of the item with the next frame, and the offset of the frame in it; undefined at the end. */
  get position(): { readonly next: number; readonly offset: number } | undefined {
    if (this.run !== undefined && this.end < this.run.bytes.length) return { next: this.#index - 1, offset: this.end };
    return this.#index < this.#items.length ? { next: this.#index, offset: 0 } : undefined;
  }

  /** Returns the current frame, decoded. */
  decoded(): InboundFrame {
    const { run, frame } = this;
    if (run !== undefined) return decodeInbound(run.bytes, this.start, this.end);
    if (frame === undefined) throw new Error('the cursor is before its first frame');
    return frame;
  }
}
