import { fstatSync, type Stats, write } from 'node:fs';
import type { Writable } from 'node:stream';

export interface WriteError {
  readonly code?: string | undefined;
  readonly message: string;
}

/** Writes one chunk after the other to a file descriptor, without blocking the event loop. */
export interface ChunkWriter {
  /** Whether a write in progress occupies a thread of libuv's pool. */
  readonly blocksThread: boolean;
  /**
   * Writes a chunk. The next one must wait for the callback.
   *
   * @param done is called once, with the bytes that were written; with an error, the rest was not
   */
  write(chunk: Buffer, done: (error: WriteError | undefined, writtenBytes: number) => void): void;
}

/**
 * A writer for the standard output (1) or error (2).
 *
 * POSIX pipes and sockets are non-blocking in Node, so its own stream suits them. Terminals are not: Ctrl-S, or text
 * selected in a Windows console, stops a write, and with it the event loop. Files and Windows pipes block as well. For
 * these a thread of libuv's pool makes the write; the other three threads remain for files and DNS.
 *
 * @param isWindows whether to follow the rules of Windows
 */
export function chunkWriter(fd: 1 | 2, isWindows = process.platform === 'win32'): ChunkWriter {
  const stream = (): Writable => (fd === 1 ? process.stdout : process.stderr);
  const stat = statOf(fd);
  if (!isWindows && (stat?.isFIFO() === true || stat?.isSocket() === true)) return streamWriter(stream());
  // Only Node's stream writes UTF-16 to a Windows console. The log does not use it, because it must never block.
  if (isWindows && fd === 1 && process.stdout.isTTY) return streamWriter(stream());
  return threadWriter(fd);
}

function statOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined; // a Windows console has no status
  }
}

/** @param stream has no other writer */
export function streamWriter(stream: Writable): ChunkWriter {
  // The callback of the write receives it too; without a listener it ends the process.
  stream.on('error', () => undefined);
  return {
    blocksThread: false,
    write(chunk, done) {
      stream.write(chunk, (error) => {
        if (error === null || error === undefined) done(undefined, chunk.length);
        else done(error, 0);
      });
    },
  };
}

export function threadWriter(fd: number): ChunkWriter {
  const writeFrom = (
    chunk: Buffer,
    offset: number,
    done: (error: WriteError | undefined, writtenBytes: number) => void,
  ): void => {
    write(fd, chunk, offset, chunk.length - offset, null, (error, writtenBytes) => {
      if (error !== null) done(error, offset);
      else if (offset + writtenBytes < chunk.length) writeFrom(chunk, offset + writtenBytes, done);
      else done(undefined, chunk.length);
    });
  };
  return {
    blocksThread: true,
    write: (chunk, done) => {
      writeFrom(chunk, 0, done);
    },
  };
}
