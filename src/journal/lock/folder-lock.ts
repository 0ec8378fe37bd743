import { randomBytes } from 'node:crypto';
import { realpath, stat, link, rename, rm, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LibraryErrorCode } from '../../util/library-errors.js';
import { faultCode } from '../files/files.js';

/** Another process uses the folder. */
export class FolderLockedError extends Error {
  override readonly name = 'FolderLockedError';
  readonly code = 'CLASP_ERR_STORE_LOCKED' satisfies LibraryErrorCode;

  constructor(folder: string) {
    super(`another router uses the folder ${folder}: stop it, or change the option dataDir or the option instance`);
  }
}

/** Longest path of a Unix socket, in bytes: 104 with its final zero on macOS, 108 on Linux. */
const MAX_SOCKET_BYTES = 100;
/** Length of the names of sockets that a lock adds to the path of its folder: `/lock.sock`, `/s.01234567`. */
const NAME_BYTES = 12;
/** A process that removes a stale lock can move a new one for an instant. After this time it has put it back. */
const SETTLE_MS = 20;
/** Attempts against other processes that take or release the lock at the same time. */
const MAX_ATTEMPTS = 20;

/**
 * Takes the lock of a folder: a socket that listens in it. The system closes the socket with the process, whatever ends
 * the process, so a socket that refuses connections is a stale lock. Works between containers that share a folder,
 * where process IDs do not.
 *
 * @param folder must exist
 * @returns releases the lock
 * @throws FolderLockedError if another process or another router of this process has it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  if (process.platform === 'win32') return lockPipe(folder);
  const place = await socketFolder(folder);
  const mine = `${place}s.${randomBytes(4).toString('hex')}`;
  const server = await listening(mine);
  try {
    await claim(mine, `${place}lock.sock`, folder);
  } catch (error) {
    await closed(server);
    throw error;
  } finally {
    await rm(mine, { force: true });
  }
  return async () => {
    await rm(`${place}lock.sock`, { force: true });
    await closed(server);
  };
}

/** Returns the beginning of the paths of sockets. Long paths are replaced by one in the folder for temporary files. */
async function socketFolder(folder: string): Promise<string> {
  if (Buffer.byteLength(folder) + NAME_BYTES <= MAX_SOCKET_BYTES) return join(folder, '/');
  const { dev, ino } = await stat(folder);
  return join(tmpdir(), `clasp-${dev.toString(36)}-${ino.toString(36)}-`);
}

/** Gives the socket `mine` the name of the lock, which succeeds for one process only. */
async function claim(mine: string, lock: string, folder: string): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    try {
      await link(mine, lock);
      await delay(SETTLE_MS);
      if ((await inodeOf(lock)) === (await inodeOf(mine))) return;
      throw new FolderLockedError(folder);
    } catch (error) {
      if (faultCode(error) !== 'EEXIST') throw error;
    }
    const before = await inodeOf(lock);
    if (before === undefined) continue; // released in the meantime
    if (await answers(lock)) throw new FolderLockedError(folder);
    await removeStale(lock, before);
  }
  throw new FolderLockedError(folder);
}

/** Removes exactly the socket that was found dead: another process can have replaced it in the meantime. */
async function removeStale(lock: string, inode: bigint): Promise<void> {
  const aside = `${lock}.${randomBytes(4).toString('hex')}`;
  try {
    await rename(lock, aside);
  } catch (error) {
    if (faultCode(error) === 'ENOENT') return;
    throw error;
  }
  try {
    if ((await inodeOf(aside)) !== inode) await link(aside, lock);
  } catch (error) {
    if (faultCode(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(aside);
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  try {
    return (await stat(path, { bigint: true })).ino;
  } catch (error) {
    if (faultCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether a process listens at the socket. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      const code = faultCode(error);
      resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT');
    });
  });
}

/** A named pipe exists as long as its process, and has one owner. */
async function lockPipe(folder: string): Promise<() => Promise<void>> {
  const name = Buffer.from((await realpath(folder)).toLowerCase()).toString('base64url');
  try {
    const server = await listening(`\\\\.\\pipe\\clasp-${name.slice(-200)}`);
    return () => closed(server);
  } catch (error) {
    if (faultCode(error) === 'EADDRINUSE' || faultCode(error) === 'EACCES') throw new FolderLockedError(folder);
    throw error;
  }
}

function listening(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  server.unref(); // the lock alone does not keep the process alive
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
