import { copyBytes } from '../../protocol/bytes/copy.js';
import { copyWords, viewOf } from '../../protocol/bytes/words.js';

/**
 * Adjacent messages to the same sessions. Their outboxes share it, so that a further message extends it once instead of
 * once per session.
 */
export class SharedRun {
  /** End of the last message in its slab. */
  end: number;
  /** Messages after the one at which the outboxes joined. */
  count = 0;
  /** Whether every outbox that joined has received nothing else since and was not read. */
  isOpen = true;

  constructor(end: number) {
    this.end = end;
  }
}

/**
 * Output of one session for this tick, as ranges of slabs. A delivery directly after the last one only extends that
 * range. A subscriber of everything therefore has one range after a thousand deliveries, without allocations.
 */
export class Outbox {
  // The last range has its own fields. Extending it, the common case, accesses no array.
  #bytes: Uint8Array | undefined;
  #start = 0;
  #end = 0;
  readonly #earlierBytes: Uint8Array[] = [];
  /** start, end, start, end, ... of the ranges before the last. */
  readonly #earlierBounds: number[] = [];
  /** Bytes of the ranges before the last. */
  #earlierLength = 0;
  /** Messages pushed since the session connected, without those of the shared run. */
  #pushed = 0;
  /** Continues the last range. */
  #run: SharedRun | undefined;

  get isEmpty(): boolean {
    return this.#bytes === undefined;
  }

  get pushed(): number {
    return this.#pushed + (this.#run?.count ?? 0);
  }

  get byteLength(): number {
    return this.#earlierLength + (this.#run?.end ?? this.#end) - this.#start;
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    if (this.#run !== undefined) this.#leave(this.#run);
    this.#pushed++;
    if (this.#end === start && this.#bytes === bytes) {
      this.#end = end;
      return;
    }
    if (this.#bytes !== undefined) {
      this.#earlierBytes.push(this.#bytes);
      this.#earlierBounds.push(this.#start, this.#end);
      this.#earlierLength += this.#end - this.#start;
    }
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  /** Shares the messages that follow the one pushed last, until anything else happens to this outbox. */
  join(run: SharedRun): void {
    this.#run = run;
  }

  /** Ends the shared run for all its outboxes. The messages so far belong to each of them. */
  #leave(run: SharedRun): void {
    run.isOpen = false;
    this.#run = undefined;
    this.#end = run.end;
    this.#pushed += run.count;
  }

  /**
   * Takes all output as one run of bytes and empties the outbox. A single range is a view of its slab. Several ranges
   * are copied into one, because a writev of hundreds of small pieces is much slower.
   *
   * @param copy copies a single range too: for a socket that can retain it, because a view keeps its whole slab alive
   */
  take(copy: boolean): Uint8Array {
    if (this.#run !== undefined) this.#leave(this.#run);
    const last = this.#bytes;
    if (last === undefined) return nothing;
    this.#bytes = undefined;
    const start = this.#start;
    const end = this.#end;
    this.#start = 0;
    this.#end = 0;
    if (this.#earlierBytes.length === 0) return copy ? copyBytes(last, start, end) : last.subarray(start, end);
    const gathered = this.#gather(last, start, end);
    this.#earlierBytes.length = 0;
    this.#earlierBounds.length = 0;
    this.#earlierLength = 0;
    return gathered;
  }

  clear(): void {
    if (this.#run !== undefined) this.#leave(this.#run);
    this.#bytes = undefined;
    this.#start = 0;
    this.#end = 0;
    this.#earlierBytes.length = 0;
    this.#earlierBounds.length = 0;
    this.#earlierLength = 0;
  }

  #gather(last: Uint8Array, start: number, end: number): Uint8Array {
    const bounds = this.#earlierBounds;
    let total = end - start;
    for (let i = 0; i < bounds.length; i += 2) total += bounds[i + 1]! - bounds[i]!;
    const out = new Uint8Array(total);
    const words = new DataView(out.buffer);
    let at = 0;
    for (let i = 0; i < bounds.length; i += 2)
      at = append(out, words, at, this.#earlierBytes[i >> 1]!, bounds[i]!, bounds[i + 1]!);
    append(out, words, at, last, start, end);
    return out;
  }
}

const nothing = new Uint8Array(0);

/** Below about 200 bytes, copying words is faster than set() with the view it needs. */
const MOST_BY_WORDS = 192;

function append(out: Uint8Array, words: DataView, at: number, bytes: Uint8Array, start: number, end: number): number {
  if (end - start < MOST_BY_WORDS) return copyWords(words, at, viewOf(bytes), start, end);
  out.set(bytes.subarray(start, end), at);
  return at + end - start;
}
