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

// Undefined on Windows. If a FIFO takes the place of the file after `stat`, `open` does not wait for its writer.
const { O_RDONLY, O_NONBLOCK = 0 } = constants as { readonly O_RDONLY: number; readonly O_NONBLOCK?: number };

/**
 * Opens a regular file within the root, links followed. Anything else is refused before it is opened: a FIFO would block a thread
 * until somebody writes to it, and to open a device can be enough to change it.
 *
 * @returns 'folder' if it is one; undefined if there is no such file, or it must not be read
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
    // The file does not exist, or must not be read: for a peer that is the same.
  }
  await handle?.close();
  return undefined;
}
