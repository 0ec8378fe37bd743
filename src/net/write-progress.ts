import type { Socket } from 'node:net';

/**
 * Watches whether a peer takes what waits for it. A system takes more bytes of a connection only as the peer acknowledges earlier
 * ones, so progress is a sign of life, although nothing is received.
 */
export class WriteProgress {
  readonly #socket: Socket;
  /** At the last look: bytes that waited, bytes of finished writes, and bytes of the current write that waited. */
  #waiting = 0;
  #finished = 0;
  #queued = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /**
   * What became of the bytes that waited at the look before: `moved`, some were taken; `stuck`, none were; `idle`, none
   * waited.
   */
  look(): 'idle' | 'moved' | 'stuck' {
    const { writableLength: waiting, bytesWritten } = this.#socket;
    const finished = bytesWritten - waiting; // bytesWritten counts what waits as well
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
 * Bytes of the current write that the system has not taken. `writableLength` falls only when a write is finished, which takes
 * minutes for a megabyte on a slow link. Node reads this property of its handles for the timeouts of sockets and does not
 * document it; where it is missing this is 0, and only finished writes count.
 */
function queuedBytes(socket: Socket): number {
  const below: unknown = Reflect.get(socket, '_parent'); // the TCP socket under a TLS socket
  const handle: unknown = Reflect.get(typeof below === 'object' && below !== null ? below : socket, '_handle');
  const size: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'writeQueueSize') : undefined;
  return typeof size === 'number' ? size : 0;
}
