import { type FileHandle, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { faultCode, type Files, type GrowingFile } from './files.js';

const PIECE_BYTES = 524_288;

/** The files of this computer. Writes and syncs run in the thread pool of Node.js, outside of the event loop. */
export const nodeFiles: Files = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },

  async create(path) {
    return new NodeFile(await open(path, 'wx', 0o600));
  },

  async *read(path) {
    const file = await open(path, 'r');
    try {
      for (;;) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(PIECE_BYTES));
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  },

  async list(folder) {
    try {
      return (await readdir(folder)).sort();
    } catch (error) {
      if (faultCode(error) === 'ENOENT') return [];
      throw error;
    }
  },

  rename,

  async remove(path) {
    await rm(path, { force: true, recursive: true });
  },

  async syncFolder(path) {
    if (process.platform === 'win32') return;
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },

  async freeBytes(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

class NodeFile implements GrowingFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async append(parts: readonly Uint8Array[]): Promise<number> {
    const { bytesWritten } = await this.#handle.writev(parts);
    return bytesWritten;
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
