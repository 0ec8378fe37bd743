import type { Socket } from 'node:net';

/**
 * Detects whether a peer accepts the queued bytes. The system takes more bytes of a connection only if the peer
 * acknowledges earlier ones. Progress therefore shows that the peer is alive, even if it sends nothing.
 */
export class WriteProgress {
  readonly #socket: Socket;
  /** State at the last check: queued bytes, bytes of finished writes, and queued bytes of the current write. */
  #waiting = 0;
  #finished = 0;
  #queued = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * Returns what happened to the bytes that were queued at the previous check. `moved`: some were taken. `stuck`: none
   * were taken. `idle`: no bytes were queued.
   */
  look(): 'idle' | 'moved' | 'stuck' {
    const { writableLength: waiting, bytesWritten } = this.#socket;
    const finished = bytesWritten - waiting; // bytesWritten also counts queued bytes
    const queued = queuedBytes(this.#socket);
    const hasMoved = finished > this.#finished || queued !== this.#queued;
    const hasWaited = this.#waiting > 0;
    this.#waiting = waiting;
    this.#finished = finished;
    this.#queued = queued;
    if (!hasWaited) return 'idle';
    return hasMoved ? 'moved' : 'stuck';
  }
}

/**
 * Returns the bytes of the current write that the system has not taken. `writableLength` decreases only when a write
 * finishes, which takes minutes for a megabyte on a slow link. Node.js reads this undocumented property of its handles
 * for socket timeouts. If it is missing, the result is 0, and only finished writes count.
 */
function queuedBytes(socket: Socket): number {
  const below: unknown = Reflect.get(socket, '_parent'); // the TCP socket below a TLS socket
  const handle: unknown = Reflect.get(typeof below === 'object' && below !== null ? below : socket, '_handle');
  const size: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'writeQueueSize') : undefined;
  return typeof size === 'number' ? size : 0;
}
