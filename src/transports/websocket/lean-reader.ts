import { viewOf } from '../../protocol/bytes/words.js';
import { FrameRun } from '../../protocol/frame-run.js';
import { HEADER_BYTES } from '../../protocol/limits.js';

/** FIN and the opcode of a binary message. */
const WHOLE_BINARY = 0x82;
const FIN = 0x80;
const MASKED = 0x80;
const OPCODE = 0x0f;
const CONTINUATION = 0x0;
const TEXT = 0x1;
const BINARY = 0x2;
/** Length codes of RFC 6455, section 5.2: two or eight bytes of length follow. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
const MASK_BYTES = 4;
/** First byte of a CLASP frame, and the flag of a header that is longer than usual. */
const MAGIC = 0x53;
const TIMESTAMP = 0x20;

export interface LeanReaderOptions {
  /** Bytes of the largest message taken here; a larger one is left to `ws`, which knows what to say. */
  readonly maxFrameBytes: number;
  /**
   * Gets the whole binary messages, unmasked, as views into the chunk or a copy of one that was cut: messages that are CLASP frames
   * and nothing else together, where several come one after the other; any other by itself.
   */
  readonly onMessages: (messages: Uint8Array | FrameRun) => void;
  /** Gets every other frame, from its first byte to its last, in its place among the messages. */
  readonly leave: (bytes: Buffer) => void;
}

/**
 * Reads the one kind of WebSocket frame that nearly all are (whole, final, masked, binary, of a sensible size) and leaves all
 * others to `ws`: control frames, text, fragments, and whatever is no frame. `ws` sees these complete and in order, so it stays
 * the authority on handshake, closing and faults. Past `ws` a message costs a third: no stream, no list of buffers, no
 * event for each. Since unmasking writes every byte anyway, it writes the frames of a read right behind one another: one view for
 * all of them instead of one for each is a quarter to two fifths more messages a second.
 */
export class LeanReader {
  readonly #options: LeanReaderOptions;
  /** The beginning of a frame that a read has cut, in a buffer with room for the rest where that is known. */
  #held: Buffer = nothing;
  #heldLength = 0;
  /** Bytes that are still to come of a frame that is being left to `ws`. */
  #leaving = 0;
  /** Frames that lie back to back so far, where they begin and end, and how many there are. */
  #run: Buffer | undefined;
  #runStart = 0;
  #runEnd = 0;
  #runCount = 0;
  /** Between the first and the last fragment of a message every frame is for `ws`: whole ones in between break the rules. */
  #isFragmented = false;

  constructor(options: LeanReaderOptions) {
    this.#options = options;
  }

  /** Takes what a read of the socket brought. Unmasks in place. */
  push(chunk: Buffer): void {
    this.#read(chunk);
    this.#endRun();
  }

  #read(chunk: Buffer): void {
    let at = this.#heldLength > 0 ? this.#completeHeld(chunk, 0) : 0;
    // A frame that was held may have been left to ws just now, with its rest still to come.
    if (this.#leaving > 0 && at < chunk.length) at = this.#leave(chunk, at, this.#leaving);
    while (at < chunk.length) {
      const next = this.#take(chunk, at, chunk.length);
      if (next === at) {
        this.#hold(chunk, at);
        return;
      }
      at = next;
    }
  }

  /** Takes the frame that begins at `at`. @returns where it ends; `at` when that is not known yet, or not yet there */
  #take(bytes: Buffer, at: number, end: number): number {
    if (end - at < 2) return at;
    const second = bytes[at + 1]!;
    if (bytes[at] !== WHOLE_BINARY || second < MASKED || second === (MASKED | LENGTH_64) || this.#isFragmented) {
      return this.#takeForeign(bytes, at, end);
    }
    let length = second & ~MASKED;
    let start = at + 2 + MASK_BYTES;
    if (length === LENGTH_16) {
      if (end - at < 4) return at;
      length = (bytes[at + 2]! << 8) | bytes[at + 3]!;
      start += 2;
    }
    if (length > this.#options.maxFrameBytes) return this.#takeForeign(bytes, at, end);
    if (end - start < length) return at;
    if (isUsualFrame(bytes, start, length)) {
      if (this.#run !== bytes) this.#beginRun(bytes, start);
      this.#runEnd = unmask(bytes, start, start + length, this.#runEnd);
      this.#runCount++;
    } else {
      this.#endRun();
      unmask(bytes, start, start + length, start);
      this.#options.onMessages(bytes.subarray(start, start + length));
    }
    return start + length;
  }

  #beginRun(bytes: Buffer, start: number): void {
    this.#endRun();
    this.#run = bytes;
    this.#runStart = start;
    this.#runEnd = start;
  }

  #endRun(): void {
    if (this.#run === undefined) return;
    const bytes = this.#run.subarray(this.#runStart, this.#runEnd);
    const count = this.#runCount;
    this.#run = undefined;
    this.#runCount = 0;
    this.#options.onMessages(count === 1 ? bytes : new FrameRun(bytes, count));
  }

  #takeForeign(bytes: Buffer, at: number, end: number): number {
    const length = frameLength(bytes, at, end);
    if (length === undefined) return at;
    const opcode = bytes[at]! & OPCODE;
    const isFinal = bytes[at]! >= FIN;
    if (opcode === TEXT || opcode === BINARY || opcode === CONTINUATION) this.#isFragmented = !isFinal;
    return this.#leave(bytes, at, length);
  }

  /** Passes on as much of a frame as is there. @returns where that ends */
  #leave(bytes: Buffer, at: number, length: number): number {
    this.#endRun(); // what ws makes of it comes behind
    const end = Math.min(at + length, bytes.length);
    this.#leaving = length - (end - at);
    const part = at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end);
    // ws keeps fragments until the last is there: a view of one would keep all else that the same read brought, 64 KiB for a byte.
    this.#options.leave(this.#isFragmented && part !== bytes ? copyOf(part) : part);
    return end;
  }

  #hold(chunk: Buffer, at: number): void {
    const left = chunk.length - at;
    // Room for the whole frame at once where its length is known; it is never more than a message may have.
    this.#held = Buffer.allocUnsafe(Math.max(frameLength(chunk, at, chunk.length) ?? 0, left));
    this.#heldLength = chunk.copy(this.#held, 0, at);
  }

  /** Goes on with the frame that the last read cut. @returns where it ends in this one */
  #completeHeld(chunk: Buffer, from: number): number {
    for (let at = from; ;) {
      const held = this.#held.subarray(0, this.#heldLength);
      const length = frameLength(held, 0, held.length);
      if (length !== undefined && this.#take(held, 0, held.length) > 0) {
        this.#heldLength = 0;
        return at;
      }
      if (at === chunk.length) return at;
      // A byte at a time until the head is whole: thirteen of them at most. What is foreign was left above, whatever it claims.
      const needed = length === undefined ? 1 : length - held.length;
      const step = Math.min(needed, chunk.length - at);
      if (held.length + step > this.#held.length) {
        this.#held = Buffer.allocUnsafe(Math.max(length ?? 0, held.length + step));
        held.copy(this.#held);
      }
      this.#heldLength += chunk.copy(this.#held, held.length, at, at + step);
      at += step;
    }
  }
}

const nothing = Buffer.alloc(0);

/** Bytes of the frame that begins at `at`, head included; undefined until its head says so. */
function frameLength(bytes: Buffer, at: number, end: number): number | undefined {
  if (end - at < 2) return undefined;
  const second = bytes[at + 1]!;
  const code = second & ~MASKED;
  const extended = code === LENGTH_16 ? 2 : code === LENGTH_64 ? 8 : 0;
  if (end - at < 2 + extended) return undefined;
  const length =
    extended === 2 ? bytes.readUInt16BE(at + 2) : extended === 8 ? Number(bytes.readBigUInt64BE(at + 2)) : code;
  return 2 + extended + (second >= MASKED ? MASK_BYTES : 0) + length;
}

/** In memory of its own: nothing else is kept by it. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** Whether a message, still masked, is one CLASP frame without a timestamp, from its first byte to its last. */
function isUsualFrame(bytes: Buffer, start: number, length: number): boolean {
  if (length < HEADER_BYTES) return false;
  const unmasked = (i: number): number => bytes[start + i]! ^ bytes[start + i - MASK_BYTES]!;
  return (
    unmasked(0) === MAGIC &&
    (unmasked(1) & TIMESTAMP) === 0 &&
    HEADER_BYTES + ((unmasked(2) << 8) | unmasked(3)) === length
  );
}

/** Unmasks to a place that is not behind the payload. The mask lies right before it. @returns where the unmasked bytes end */
function unmask(bytes: Buffer, start: number, end: number, to: number): number {
  const words = viewOf(bytes);
  const mask = words.getInt32(start - MASK_BYTES, true);
  let at = start;
  for (const last = end - 3; at < last; at += 4, to += 4) words.setInt32(to, words.getInt32(at, true) ^ mask, true);
  for (let shift = 0; at < end; at++, shift += 8) bytes[to++] = bytes[at]! ^ (mask >>> shift);
  return to;
}
