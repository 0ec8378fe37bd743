import { Writer } from '../../protocol/bytes/writer.js';

const SLAB_BYTES = 1 << 20;

/**
 * Where outgoing messages are written, one behind the other, each once. Bytes are never overwritten: a full slab is
 * left to its readers, and the garbage collector frees it when their writes are done. What follows another message
 * directly can leave with it as one range, which is what makes fan-out cheap.
 */
export class Slab extends Writer {
  /** Where the message being written begins. */
  start = 0;

  constructor() {
    super(0); // the first message makes the first slab: nobody may ever speak this form
  }

  /** Begins a message at the current position. */
  begin(): void {
    this.start = this.at;
  }

  /** Forgets the message begun last. */
  abandon(): void {
    this.at = this.start;
  }

  /** A message that does not fit starts over in a fresh slab; the old one stays as it is for those who send from it. */
  protected override grow(length: number): void {
    const written = this.at - this.start;
    const fresh = new Uint8Array(Math.max(SLAB_BYTES, 2 * (written + length)));
    fresh.set(this.bytes.subarray(this.start, this.at));
    this.bytes = fresh;
    this.start = 0;
    this.at = written;
  }
}
