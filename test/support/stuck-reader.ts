import type { ChunkWriter, WriteError } from '../../src/cli/output/chunk-writer.js';

/** A reader that accepts nothing until the test decides. */
export class StuckReader implements ChunkWriter {
  readonly blocksThread = true;
  readonly chunks: string[] = [];
  #done: ((error: WriteError | undefined, writtenBytes: number) => void) | undefined;

  write(chunk: Buffer, done: (error: WriteError | undefined, writtenBytes: number) => void): void {
    if (this.#done !== undefined) throw new Error('two writes at a time');
    this.chunks.push(chunk.toString());
    this.#done = done;
  }

  /** Accepts the chunk being written. */
  take(): void {
    this.#finish(undefined, Buffer.byteLength(this.chunks.at(-1)!));
  }

  takeAll(): void {
    while (this.#done !== undefined) this.take();
  }

  fail(code: string, writtenBytes = 0): void {
    this.#finish({ code, message: code }, writtenBytes);
  }

  #finish(error: WriteError | undefined, writtenBytes: number): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(error, writtenBytes);
  }
}
