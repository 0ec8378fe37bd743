import { type Clock, systemClock } from '../../util/clock.js';
import type { ChunkWriter, WriteError } from './chunk-writer.js';

/** Bytes that can wait for the reader of a log before further lines are dropped: 1 MiB. */
export const MAX_WAITING_BYTES = 1_048_576;

/** Bytes of one write, unless a single text is longer. */
const CHUNK_BYTES = 65_536;

/** Milliseconds until a failed write is retried: for a busy reader, and for other errors such as a full disk. */
const BUSY_RETRY_MS = 50;
const FAILURE_RETRY_MS = 1_000;

/** Error codes after which no write can succeed: the reader has closed the pipe, or the terminal no longer exists. */
const closedCodes: ReadonlySet<string | undefined> = new Set([
  'EBADF',
  'ECONNRESET',
  'EIO',
  'ENOTCONN',
  'ENXIO',
  'EOF',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** Whether the output can no longer be read. */
export function isReaderClosed({ code }: WriteError): boolean {
  return closedCodes.has(code);
}

export interface AsyncOutputOptions {
  /** Bytes that can wait before `offer` drops. @default {@link MAX_WAITING_BYTES} */
  readonly maxWaitingBytes?: number;
  /**
   * Minimum milliseconds between two writes of offered texts. The first one is written at once, and those of a burst
   * together: each write costs about 25 µs. @default 0
   */
  readonly offerIntervalMs?: number;
  /** Times retries, the interval and `flush`. @default the system's */
  readonly clock?: Clock;
}

/**
 * An output of this process that never blocks the event loop. At most one write is in progress; further texts wait in
 * memory. A stuck reader therefore delays only its own text. A closed output is not an error.
 */
export class AsyncOutput {
  /** Called when capacity is available again, with the number of texts that `offer` has dropped since the last call. */
  onDropped: ((count: number) => void) | undefined;
  /** Called for each failed write, before it is retried or the output is closed. */
  onFailure: ((error: WriteError) => void) | undefined;

  readonly #writer: ChunkWriter;
  readonly #maxWaitingBytes: number;
  readonly #offerIntervalMs: number;
  readonly #clock: Clock;
  readonly #waiting: string[] = [];
  /** Bytes of the waiting texts and of the chunk in progress. */
  #waitingBytes = 0;
  #dropped = 0;
  /** Start of the last write, and the timer until the next one, if only offered texts wait. */
  #wroteAtMs = -Infinity;
  #timer: unknown;
  /** Whether something waits that is written without an interval. */
  #isUrgent = false;
  /** From the first attempt to write a chunk until it is written. */
  #isWriting = false;
  /** From a call of the writer to its callback. */
  #isPending = false;
  #isClosed = false;
  readonly #emptied: (() => void)[] = [];
  readonly #drained: (() => void)[] = [];

  constructor(writer: ChunkWriter, options: AsyncOutputOptions = {}) {
    this.#writer = writer;
    this.#maxWaitingBytes = options.maxWaitingBytes ?? MAX_WAITING_BYTES;
    this.#offerIntervalMs = options.offerIntervalMs ?? 0;
    this.#clock = options.clock ?? systemClock;
  }

  /** Whether a write occupies a thread that can be blocked. `process.exit()` would wait for that thread forever. */
  get isBlocking(): boolean {
    return this.#isPending && this.#writer.blocksThread;
  }

  /** Writes a text regardless of the limit: for a caller that writes little, or that waits for `drained()`. */
  write(text: string): void {
    this.#isUrgent = true;
    this.#add(text);
  }

  /** Writes a text, or drops and counts it if more than `maxWaitingBytes` would wait. */
  offer(text: string): void {
    // After a dropped text, further ones are dropped until half of the capacity is free: one gap instead of many.
    if (this.#dropped > 0 || this.#waitingBytes + Buffer.byteLength(text) > this.#maxWaitingBytes) this.#dropped++;
    else this.#add(text);
  }

  /** @returns undefined if the reader keeps up, else a promise that resolves when it has read the waiting texts */
  drained(): Promise<void> | undefined {
    if (this.#waitingBytes <= CHUNK_BYTES) return undefined;
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#writeAtOnce();
    });
  }

  /** Resolves when everything is written, the output is closed, or the time has passed. */
  async flush(milliseconds: number): Promise<void> {
    if (this.#waitingBytes === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.setTimeout(resolve, milliseconds);
      this.#emptied.push(() => {
        this.#clock.clearTimeout(timer);
        resolve();
      });
      this.#writeAtOnce();
    });
  }

  /** Resolves every promise of `drained()`: the caller wants to end although the reader is stuck. */
  stopWaiting(): void {
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  #add(text: string): void {
    if (this.#isClosed) return;
    this.#waiting.push(text);
    this.#waitingBytes += Buffer.byteLength(text);
    this.#writeNext();
  }

  #writeAtOnce(): void {
    this.#isUrgent = true;
    this.#writeNext();
  }

  #writeNext(): void {
    if (this.#isWriting || this.#waiting.length === 0) return;
    if (!this.#isUrgent && this.#waitingBytes < CHUNK_BYTES && this.#offerIntervalMs > 0) {
      if (this.#timer !== undefined) return;
      const waitMs = this.#wroteAtMs + this.#offerIntervalMs - this.#clock.now();
      if (waitMs > 0) {
        this.#timer = this.#clock.setTimeout(this.#onInterval, waitMs);
        return;
      }
    }
    this.#wroteAtMs = this.#clock.now();
    this.#isWriting = true;
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && (count === 0 || bytes < CHUNK_BYTES)) {
      bytes += Buffer.byteLength(this.#waiting[count++]!); // count is below the length
    }
    const chunk = Buffer.from(this.#waiting.splice(0, count).join(''));
    if (this.#waiting.length === 0) this.#isUrgent = false;
    this.#writeChunk(chunk, bytes);
  }

  readonly #onInterval = (): void => {
    this.#timer = undefined;
    this.#writeNext();
  };

  /** @param bytes the part of `#waitingBytes` that belongs to the chunk */
  #writeChunk(chunk: Buffer, bytes: number): void {
    this.#isPending = true;
    this.#writer.write(chunk, (error, writtenBytes) => {
      this.#isPending = false;
      if (error === undefined) {
        this.#waitingBytes -= bytes;
        this.#onWritten();
        return;
      }
      const isBusy = error.code === 'EAGAIN';
      if (!isBusy) this.onFailure?.(error);
      if (isReaderClosed(error)) {
        this.#close();
        return;
      }
      const rest = chunk.subarray(writtenBytes);
      this.#clock.setTimeout(() => this.#writeChunk(rest, bytes), isBusy ? BUSY_RETRY_MS : FAILURE_RETRY_MS);
    });
  }

  #onWritten(): void {
    this.#isWriting = false;
    if (this.#dropped > 0 && this.#waitingBytes <= this.#maxWaitingBytes / 2) {
      const dropped = this.#dropped;
      this.#dropped = 0; // before the call, which usually offers a text
      this.onDropped?.(dropped);
    }
    this.#writeNext();
    if (this.#waitingBytes <= CHUNK_BYTES) this.stopWaiting();
    if (this.#waitingBytes === 0) for (const resolve of this.#emptied.splice(0)) resolve();
  }

  #close(): void {
    this.#isClosed = true;
    this.#clock.clearTimeout(this.#timer);
    this.#isWriting = false;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.stopWaiting();
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
