import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';

export interface OpenFile {
  readonly handle: FileHandle;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the Unix epoch. */
  readonly modifiedMs: number;
}

// Undefined on Windows. If a FIFO replaces the file after `stat`, `open` does not wait for its writer.
const { O_RDONLY, O_NONBLOCK = 0 } = constants as { readonly O_RDONLY: number; readonly O_NONBLOCK?: number };

/**
 * Opens a regular file within the root, following links. Other types are rejected before they are opened: a FIFO would
 * block a thread until a process writes to it, and opening a device can change its state.
 *
 * @returns 'folder' if it is a folder; undefined if the file does not exist or must not be read
 */
export async function openWithin(root: string, path: string): Promise<OpenFile | 'folder' | undefined> {
  let handle: FileHandle | undefined;
  try {
    const real = await realpath(path);
    if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    const before = await stat(real);
    if (before.isDirectory()) return 'folder';
    if (!before.isFile()) return undefined;
    handle = await open(real, O_RDONLY | O_NONBLOCK);
    const opened = await handle.stat();
    if (opened.isFile()) return { handle, size: opened.size, modifiedMs: opened.mtimeMs };
  } catch {
    // The file does not exist or must not be read. The peer gets the same answer for both.
  }
  await handle?.close();
  return undefined;
}
