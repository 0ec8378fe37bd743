import { chmodSync, existsSync, lstatSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { errorCode } from '../../net/listen-error.js';
import { LISTEN_BACKLOG } from '../../net/listen-limits.js';
import type { ListenAddress } from '../../net/listen-address.js';
import { TransportError } from '../../net/transport-error.js';
import { MAX_PIPE_PATH_BYTES } from '../tcp/constants.js';
import { type StreamServer, type StreamServerEvents, listening } from '../../net/stream-server.js';

export interface PipeServerOptions {
  readonly path: string;
  readonly mode: number;
}

/**
 * A Unix domain socket, or a named pipe on Windows. A named pipe has no file and no mode, and leaves nothing behind.
 */
export class PipeServer implements StreamServer {
  readonly #options: PipeServerOptions;
  #server: Server | undefined;

  constructor(options: PipeServerOptions) {
    this.#options = options;
  }

  async open(events: StreamServerEvents): Promise<ListenAddress> {
    const { path } = this.#options;
    if (process.platform !== 'win32') await makeWay(path);
    else if (!path.startsWith(PIPE_PREFIX)) {
      throw new TransportError(`${path} is not the name of a pipe; choose one that starts with ${PIPE_PREFIX}`);
    }
    let count = 0;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      count++; // peers of a pipe have no address; a number distinguishes them
      events.accepted({ transport: 'pipe', socket, remoteAddress: `pipe:${count}`, cut: () => socket.destroy() });
    });
    try {
      await this.#listen(this.#server, events);
    } catch (error) {
      this.#server.close();
      throw pipeError(error, path);
    }
    return { transport: 'pipe', host: path, port: 0, url: `unix:${path}` };
  }

  close(): void {
    this.#server?.close(); // also removes the file
  }

  async #listen(server: Server, events: StreamServerEvents): Promise<void> {
    const { path, mode } = this.#options;
    const opened = listening(server, { path, backlog: LISTEN_BACKLOG }, events);
    // In the turn of the call that created the file, before any peer is accepted.
    if (server.listening && process.platform !== 'win32') {
      try {
        chmodSync(path, mode);
      } catch (error) {
        await opened;
        throw error;
      }
    }
    await opened;
  }
}

const PIPE_PREFIX = '\\\\.\\pipe\\';

/**
 * Removes the socket file of a router that was killed. Keeps the file if a process listens on it, or if it is not a
 * socket.
 *
 * @throws TransportError
 */
async function makeWay(path: string): Promise<void> {
  const length = Buffer.byteLength(path);
  if (length > MAX_PIPE_PATH_BYTES) {
    throw new TransportError(
      `the path of a pipe has at most ${MAX_PIPE_PATH_BYTES} bytes and ${path} has ${length}; choose a shorter one`,
    );
  }
  try {
    const folder = dirname(path);
    if (!existsSync(folder) || !statSync(folder).isDirectory()) {
      throw new TransportError(`the folder of ${path} does not exist; create it or choose another path`);
    }
    const file = lstatSync(path, { throwIfNoEntry: false });
    if (file === undefined) return;
    if (!file.isSocket()) throw new TransportError(`${path} exists and is not a socket; choose another path`);
    const fault = await connectError(path);
    if (fault === 'ENOENT') return; // its owner has just closed it
    if (fault !== 'ECONNREFUSED') throw inUse(path);
    rmSync(path, { force: true });
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw pipeError(error, path);
  }
}

/** Returns the error of connecting to a socket file, or undefined if a process accepts. */
function connectError(path: string): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on('error', (error) => {
      resolve(errorCode(error));
    });
  });
}

function inUse(path: string, cause?: unknown): TransportError {
  return new TransportError(`${path} is already in use; stop the other program or choose another path`, { cause });
}

function pipeError(error: unknown, path: string): TransportError {
  switch (errorCode(error)) {
    case 'EADDRINUSE':
      return inUse(path, error);
    case 'EACCES':
    case 'EPERM':
      return new TransportError(`this user cannot create ${path}; choose a path in a writable folder`, {
        cause: error,
      });
    default:
      return new TransportError(`cannot listen on ${path}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
  }
}
