/**
 * The file system, as the store uses it. Every method rejects with an error whose `code` is that of the system, such as
 * `ENOSPC`. Paths are those of the system; names are the last parts of paths.
 */
export interface Files {
  /** Creates a folder that only its owner can access, and its parents. An existing folder is unchanged. */
  makeFolder(path: string): Promise<void>;
  /** Creates a file that only its owner can access. Rejects with EEXIST if the path exists. */
  create(path: string): Promise<GrowingFile>;
  /** Reads the content, in pieces of any size that the caller can keep. */
  read(path: string): AsyncIterable<Uint8Array>;
  /** Returns the names in a folder, sorted. Empty if the folder does not exist. */
  list(folder: string): Promise<readonly string[]>;
  /** Renames a file or folder. A file at `to` is replaced. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file, or a folder with its content. Has no effect if it does not exist. */
  remove(path: string): Promise<void>;
  /** Resolves when the names in a folder are on disk. Without effect on Windows, which has no such call. */
  syncFolder(path: string): Promise<void>;
  /** Returns the bytes that this process can still write to the disk of a folder. */
  freeBytes(folder: string): Promise<number>;
}

/** An open file that only grows. */
export interface GrowingFile {
  /**
   * Writes the parts at the end.
   *
   * @returns the number of written bytes, which is lower if the disk is full
   */
  append(parts: readonly Uint8Array[]): Promise<number>;
  /** Resolves when the content is on disk. After a rejection the content is unknown: the file must not be used. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Returns the code of an error of the file system, such as `ENOSPC`; its text if it has none. */
export function faultCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return error instanceof Error ? error.message : String(error);
}
