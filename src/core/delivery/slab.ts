import { Writer } from '../../protocol/bytes/writer.js';

const SLAB_BYTES = 1 << 20;

/**
 * Buffer for outgoing messages, each written once, one after the other. Bytes are never overwritten: when a slab is
 * full, the garbage collector frees it after the pending writes. Adjacent messages can be sent as one range, which
 * makes fan-out cheap.
 */
export class Slab extends Writer {
  /** Start of the message being written. */
  start = 0;

  constructor() {
    super(0); // the first message allocates the first slab, because a form can remain unused
  }

  /** Begins a message at the current position. */
  begin(): void {
    this.start = this.at;
  }

  /** Discards the message begun last. */
  abandon(): void {
    this.at = this.start;
  }

  /** Moves the current message to a new slab if it does not fit. The old slab stays valid for pending writes. */
  protected override grow(length: number): void {
    const written = this.at - this.start;
    const fresh = new Uint8Array(Math.max(SLAB_BYTES, 2 * (written + length)));
    fresh.set(this.bytes.subarray(this.start, this.at));
    this.bytes = fresh;
    this.start = 0;
    this.at = written;
  }
}
