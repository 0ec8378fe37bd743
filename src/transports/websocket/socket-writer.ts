import type { Socket } from 'node:net';
import { Subject } from 'rxjs';

/** Writes the router's output to a socket, and reports when the network has taken all of it. */
export class SocketWriter {
  readonly #socket: Socket;
  readonly #isOpen: () => boolean;
  /** Emits when the buffer is empty again. */
  readonly drained$ = new Subject<void>();
  /** Whether the socket has had buffered bytes since `drained$` emitted. */
  #heldBack = false;
  /** Writes that wait for their callback. */
  #unfinished = 0;

  /** @param isOpen whether output can be written */
  constructor(socket: Socket, isOpen: () => boolean) {
    this.#socket = socket;
    this.#isOpen = isOpen;
  }

  /** Has no effect on a connection that is not open. */
  write(bytes: Uint8Array): void {
    if (!this.#isOpen()) return;
    this.#unfinished++;
    this.#socket.write(bytes, this.#onWritten);
    if (this.#socket.writableLength > 0) this.#heldBack = true; // otherwise the network took all bytes immediately
  }

  /** The socket's own `drain` is emitted only above a mark of 16 KiB. */
  readonly #onWritten = (): void => {
    this.#unfinished--;
    if (!this.#heldBack || this.#unfinished > 0 || !this.#isOpen()) return;
    if (this.#socket.writableLength > 0) {
      // A ping or pong follows the last write. The callback of an empty write runs after it.
      this.#unfinished++;
      this.#socket.write(NOTHING, this.#onWritten);
      return;
    }
    this.#heldBack = false;
    this.drained$.next();
  };
}

const NOTHING = new Uint8Array(0);
