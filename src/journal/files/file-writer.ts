import type { Files, GrowingFile } from './files.js';

/** The disk took a part of a write. It is full, or a limit of the process is reached. */
export class ShortWriteError extends Error {
  readonly code = 'ENOSPC';

  constructor(written: number, expected: number) {
    super(`the disk took ${written} of ${expected} bytes`);
  }
}

interface Commit {
  readonly sync: boolean;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes one file from start to end, with at most one write and one sync in flight. Commits that arrive meanwhile share
 * the next write. After a failure the file takes nothing more: a repeated sync could succeed although the system has
 * dropped the data.
 */
export class FileWriter {
  readonly path: string;
  readonly #file: GrowingFile;
  #parts: Uint8Array[] = [];
  #commits: Commit[] = [];
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #writtenBytes = 0;
  #queuedBytes = 0;

  private constructor(path: string, file: GrowingFile) {
    this.path = path;
    this.#file = file;
  }

  /** Creates the file. */
  static async create(files: Files, path: string): Promise<FileWriter> {
    return new FileWriter(path, await files.create(path));
  }

  /** Bytes that were written. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Bytes that wait for the disk. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Adds bytes, which the writer keeps. They are written with the next {@link commit}. */
  append(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /**
   * Writes what was added.
   *
   * @param sync whether the promise waits until it is on disk
   */
  commit(sync: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#commits.push({ sync, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Closes the file after the write in flight. What was not committed is dropped. */
  async close(): Promise<void> {
    this.#failure ??= { error: new Error(`${this.path} is closed`) };
    await this.#running;
    await this.#file.close();
  }

  async #run(): Promise<void> {
    while (this.#commits.length > 0) {
      const commits = this.#commits;
      const parts = this.#parts;
      this.#commits = [];
      this.#parts = [];
      try {
        await this.#write(
          parts,
          commits.some(({ sync }) => sync),
        );
        for (const { resolve } of commits) resolve();
      } catch (error) {
        this.#failure ??= { error };
        for (const { reject } of commits) reject(error);
      }
    }
    this.#running = undefined;
  }

  async #write(parts: readonly Uint8Array[], sync: boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    if (bytes > 0) {
      const written = await this.#file.append(parts);
      this.#writtenBytes += written;
      this.#queuedBytes -= bytes;
      if (written < bytes) throw new ShortWriteError(written, bytes);
    }
    if (sync) await this.#file.sync();
  }
}
